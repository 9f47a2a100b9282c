package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/proxy"
)

type proxyOptions struct {
	socks, http, users string
	remote, stdin      bool
	verbose            bool
}

func (a *app) proxyCommand() *cobra.Command {
	o := proxyOptions{}
	c := &cobra.Command{
		Use:   "proxy PROFILE-FILE",
		Short: "Connect without the service and without rights, and serve a SOCKS 5 and an HTTP proxy into the tunnel",
		Long: `Connect with a profile in a file of your own, and carry what programs send through a proxy on this
machine: SOCKS 5 on 127.0.0.1:1080, and HTTP too with --http. No address, route or name server of the
machine is changed. Names are looked up inside. What is not in the networks of the tunnel, or comes
while it is down, is refused; nothing leaves outside of it.

What the gateway asks is asked on the terminal, or read with --stdin, one answer a line. The profile
must be readable by you alone. Everybody on this machine can use the proxy; with --users FILE, whose
one line is USER:PASSWORD, only who knows them. Ctrl-C disconnects.`,
		Example: "  ezvpn proxy office.toml\n  ezvpn proxy office.toml --http 127.0.0.1:8118\n  curl --proxy socks5h://127.0.0.1:1080 http://intranet.corp.example/",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.proxy(c.Context(), args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.socks, "listen", "127.0.0.1:1080", "`address` of the SOCKS 5 proxy; empty for none")
	f.StringVar(&o.http, "http", "", "`address` of the HTTP proxy")
	f.StringVar(&o.users, "users", "", "`file` with USER:PASSWORD that clients of the proxy must give")
	f.BoolVar(&o.remote, "allow-remote", false, "allow addresses that other machines reach; needs --users")
	f.BoolVar(&o.stdin, "stdin", false, "read answers for the gateway from standard input, one a line")
	f.BoolVar(&o.verbose, "verbose", false, "print each event of the session, and each target that is refused")
	return c
}

func (a *app) proxy(ctx context.Context, file string, o proxyOptions) error {
	p, err := ownProfile(file)
	if err != nil {
		return err
	}
	run := proxy.Options{Profile: p, Owner: "you", Log: slog.New(slog.DiscardHandler)}
	if o.verbose {
		run.Log = slog.New(slog.NewTextHandler(a.err, nil))
	}
	if run.User, run.Password, err = proxyUser(o); err != nil {
		return err
	}
	for _, l := range []struct {
		at   string
		to   *net.Listener
		name string
	}{{o.socks, &run.SOCKS, "SOCKS 5"}, {o.http, &run.HTTP, "HTTP"}} {
		if l.at == "" {
			continue
		}
		if *l.to, err = openProxy(ctx, l.at, o.remote); err != nil {
			closeListeners(run.SOCKS, run.HTTP)
			return err
		}
		fmt.Fprintf(a.err, "%s proxy on %s\n", l.name, (*l.to).Addr())
	}
	if run.SOCKS == nil && run.HTTP == nil {
		return errors.New("there is nothing to listen on: give --listen or --http")
	}
	k := newAsker(a, o.stdin)
	defer k.restore()
	run.Ask, run.Tell = k.answerFor, a.tellProxy()
	err = proxy.Run(ctx, run)
	var failed *proxy.Failed
	switch {
	case errors.As(err, &failed):
		return diagnosed(exitFailed, p.Name+" is not up", failed.Diagnosis)
	case err != nil:
		return &failure{code: exitFailed, sentence: err.Error(), next: "find out what is in the way: ezvpn doctor"}
	}
	fmt.Fprintln(a.err, "disconnected")
	return nil
}

// answerFor asks for the answers to a question. A person at the terminal cannot be stopped: when ctx ends, what is typed
// next is read and forgotten.
func (k *asker) answerFor(ctx context.Context, p status.Prompt) (map[string]profile.Secret, error) {
	type answered struct {
		fields map[string]profile.Secret
		err    error
	}
	done := make(chan answered, 1)
	go func() {
		got, err := k.ask(p)
		fields := map[string]profile.Secret{}
		for name, v := range got {
			fields[name] = profile.Secret(v)
		}
		done <- answered{fields, err}
	}()
	select {
	case <-ctx.Done():
		k.drop()
		return nil, ctx.Err()
	case d := <-done:
		return d.fields, d.err
	}
}

// tellProxy prints each state of the session.
func (a *app) tellProxy() func(status.Snapshot) {
	said := ""
	return func(s status.Snapshot) {
		line := s.State.Meaning()
		if s.State == status.Active && s.Network != nil {
			line = fmt.Sprintf("up: %s inside, through %s", s.Network.Address, activePeer(s))
		}
		if line != said {
			fmt.Fprintln(a.err, line)
		}
		said = line
	}
}

func activePeer(s status.Snapshot) string {
	for _, p := range s.Peers {
		if p.Health == "active" {
			return status.FilterLine(p.Name)
		}
	}
	return "the gateway"
}

// ownProfile reads a profile of the user. It holds a secret, so nobody else may read it.
func ownProfile(file string) (*profile.Profile, error) {
	data, err := readPrivate(file)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(filepath.Base(file), ".toml")
	p, err := profile.Parse(filepath.Base(file), data)
	if err != nil {
		return nil, &failure{code: exitProfile, sentence: "the profile cannot be used:\n" + err.Error(), next: "correct it, then check again: ezvpn profile check " + file}
	}
	if p.Name == "" {
		p.Name = name
	}
	if k := p.Group.KeyFile; k != "" {
		if !filepath.IsAbs(k) {
			k = filepath.Join(filepath.Dir(file), k)
		}
		key, err := readPrivate(k)
		if err != nil {
			return nil, err
		}
		p.Group.Key = profile.Secret(strings.TrimRight(string(key), "\r\n"))
	}
	return p, nil
}

func readPrivate(file string) ([]byte, error) {
	st, err := os.Stat(file)
	if err == nil && exposed(st) {
		return nil, &failure{code: exitProfile, sentence: file + " can be read by others, and holds a secret", next: "chmod 600 " + file}
	}
	var data []byte
	if err == nil {
		data, err = readBounded(file)
	}
	if err != nil {
		f := &failure{code: exitProfile, sentence: err.Error(), next: "name a profile's file"}
		if errors.Is(err, fs.ErrPermission) {
			f.next = "a profile of the machine is the service's: ezvpn up"
		}
		return nil, f
	}
	return data, nil
}

// proxyUser reads what clients of the proxy must give.
func proxyUser(o proxyOptions) (user, password string, err error) {
	if o.users == "" {
		if o.remote {
			return "", "", errors.New("--allow-remote needs --users: whoever reaches the proxy is inside")
		}
		return "", "", nil
	}
	data, err := readPrivate(o.users)
	if err != nil {
		return "", "", err
	}
	user, password, ok := strings.Cut(strings.TrimRight(string(data), "\r\n"), ":")
	if !ok || user == "" || password == "" || len(user) > 255 || len(password) > 255 || strings.Contains(password, "\n") {
		return "", "", &failure{code: exitUsage, sentence: o.users + " is not one line of USER:PASSWORD", next: "write it so, at most 255 bytes each"}
	}
	return user, password, nil
}

func openProxy(ctx context.Context, at string, remote bool) (net.Listener, error) {
	if a, err := netip.ParseAddrPort(at); err != nil || !a.Addr().IsLoopback() && !remote {
		f := &failure{code: exitUsage, sentence: at + " is not an address of this machine alone, such as 127.0.0.1:1080", next: "to serve other machines: --allow-remote with --users"}
		if err != nil {
			f.next = "write it as ADDRESS:PORT"
		}
		return nil, f
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return nil, &failure{code: exitFailed, sentence: err.Error(), next: "choose another port"}
	}
	return l, nil
}

func closeListeners(all ...net.Listener) {
	for _, l := range all {
		if l != nil {
			l.Close()
		}
	}
}

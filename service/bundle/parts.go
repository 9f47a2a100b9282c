package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"ezvpn/client/doctor"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

const (
	maxProfiles = 32   // whose settings are asked for
	maxLines    = 2000 // of the log
)

func (g *gatherer) findings(context.Context) ([]byte, error) {
	found := doctor.Examine(g.facts)
	return g.document(struct {
		Worst    doctor.Level     `json:"worst"`
		Findings []doctor.Finding `json:"findings"`
	}{doctor.Worst(found), found}, findingRules)
}

func (g *gatherer) status(context.Context) ([]byte, error) {
	if g.facts.Session == nil {
		return nil, g.absent()
	}
	return g.document(g.facts.Session, statusRules)
}

// absent says why the daemon gives nothing.
func (g *gatherer) absent() error {
	if g.daemon != nil {
		return g.daemon
	}
	return errors.New("the service gives it not to this user")
}

func (g *gatherer) timeline(context.Context) ([]byte, error) {
	if g.facts.Session == nil {
		return nil, g.absent()
	}
	var b strings.Builder
	for _, e := range g.facts.Session.Events {
		fmt.Fprintf(&b, "%s %-7s %s\n", e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), e.Kind, g.r.Text(cut(e.Text)))
	}
	if b.Len() == 0 {
		return nil, errors.New("nothing happened yet, or it is not shown to this user")
	}
	return []byte(b.String()), nil
}

func (g *gatherer) log(ctx context.Context) ([]byte, error) {
	if g.daemon != nil {
		return nil, g.daemon
	}
	s, err := g.client.Log(ctx, ipc.Log{SinceSeconds: ipc.MaxLogSeconds, Level: "debug"})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var b strings.Builder
	for range maxLines {
		l, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s %-5s %s\n", l.Time.UTC().Format("2006-01-02T15:04:05.000Z"), l.Level, g.r.Text(cut(l.Text)))
	}
	return []byte(b.String()), nil
}

// cut bounds a line, and takes out what a terminal would obey.
func cut(s string) string {
	return strings.ReplaceAll(status.Filter(s), "\n", " ")
}

// shown is a profile as it stands in the bundle.
type shown struct {
	Name    string            `json:"name"`
	Errors  []string          `json:"errors,omitempty"`
	Notices []string          `json:"notices,omitempty"`
	Using   string            `json:"using,omitempty"`
	Keys    map[string]any    `json:"keys,omitempty"`
	Origins map[string]string `json:"origins,omitempty"`
	Locked  []string          `json:"locked,omitempty"`
}

func (g *gatherer) profiles(ctx context.Context) ([]byte, error) {
	if g.daemon != nil {
		return nil, g.daemon
	}
	list, err := g.client.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	out := []shown{}
	for i, p := range list {
		s := shown{Name: p.Name, Errors: p.Errors, Notices: p.Notices, Using: p.Using, Keys: map[string]any{}, Origins: map[string]string{}}
		if i < maxProfiles {
			full, err := g.client.ShowProfile(ctx, p.Name)
			if err != nil {
				s.Errors = append(s.Errors, why(err))
			}
			for _, x := range full.Settings {
				if x.Value == nil {
					continue
				}
				s.Keys[x.Key], s.Origins[x.Key] = x.Value, x.Origin
				if x.Locked {
					s.Locked = append(s.Locked, x.Key)
				}
			}
		}
		out = append(out, s)
	}
	return g.document(out, profileRules)
}

// machine is what host.json says.
type machine struct {
	System  string   `json:"system"`
	Release string   `json:"release,omitempty"` // of the system
	Kernel  string   `json:"kernel,omitempty"`
	CPUs    int      `json:"cpus"`
	Service service  `json:"service"`
	Links   []link   `json:"links"`
	Servers []string `json:"servers,omitempty"` // for names
}

type service struct {
	Installed bool   `json:"installed"`
	Manager   string `json:"manager,omitempty"`
}

type link struct {
	Name     string   `json:"name"`
	MTU      int      `json:"mtu"`
	Networks []string `json:"networks"`
}

func (g *gatherer) host(context.Context) ([]byte, error) {
	m := machine{System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Links: []link{},
		Service: service{g.facts.Service.Installed || g.facts.Service.Release != "", g.facts.Service.Manager}}
	m.Release, m.Kernel = systemRelease()
	for _, l := range g.facts.Links {
		x := link{Name: l.Name, MTU: l.MTU, Networks: []string{}}
		for _, n := range l.Networks {
			x.Networks = append(x.Networks, n.String())
		}
		m.Links = append(m.Links, x)
	}
	m.Servers = servers()
	return g.document(m, hostRules)
}

// systemRelease reads what Linux systems say of themselves; others have no such files.
func systemRelease() (release, kernel string) {
	if b, err := os.ReadFile("/etc/os-release"); err == nil {
		for line := range strings.Lines(string(b)) {
			if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
				release = strings.Trim(strings.TrimSpace(v), `"`)
			}
		}
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel = strings.TrimSpace(string(b))
	}
	return release, kernel
}

func servers() []string {
	b, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if w := strings.Fields(line); len(w) > 1 && w[0] == "nameserver" && len(out) < 8 {
			out = append(out, w[1])
		}
	}
	return out
}

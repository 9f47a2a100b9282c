package proxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/tunnel"
)

// site is a gateway on loopback with a network behind it: a page, a name server, and a mirror on port 7.
type site struct {
	addr netip.AddrPort
	*gateway.Gateway
}

func newSite(t testing.TB, name string) site {
	t.Helper()
	o, err := tunnel.ListenLoopback(0)
	must(t, err)
	n, err := gateway.NewNetwork(name)
	must(t, err)
	mirror, err := n.Stack.ListenTCP(netip.AddrPortFrom(gateway.PageAddr, 7))
	must(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := mirror.Accept()
			if err != nil {
				return
			}
			go func() { // sends all back, after its client has ended: only a half-closed connection gets it
				defer c.Close()
				b, err := io.ReadAll(c)
				if err == nil {
					c.Write(b)
				}
			}()
		}
	}()
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), o.Port())
	g := gateway.Serve(gateway.Options{Policy: gateway.Demo(name), Addr: addr, NATT: o, Inside: n.Stack})
	t.Cleanup(func() { mirror.Close(); <-done; n.Close(); g.Close() })
	return site{addr, g}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// running is a proxy with a session.
type running struct {
	socks, web string
	snaps      chan status.Snapshot
	ended      chan error
	stop       context.CancelFunc
}

func start(t testing.TB, o Options, more string, sites ...site) *running {
	t.Helper()
	var peers []string
	for _, s := range sites {
		peers = append(peers, `"`+s.addr.String()+`"`)
	}
	p, err := profile.Parse("test.toml", []byte("name = \"test\"\nconnect = \"auto\"\npeers = ["+strings.Join(peers, ", ")+"]\n"+more+
		"[group]\nname = \"ezgroup\"\nkey = \"group-secret\"\n[xauth]\nusername = \"alice\"\n[dpd]\ninterval = 10\nretry = 2\nmode = \"periodic\"\n"))
	must(t, err)
	r := &running{snaps: make(chan status.Snapshot, 1000), ended: make(chan error, 1)}
	o.Profile, o.Log = p, slog.New(slog.DiscardHandler)
	o.Outside = func(uint16) (tunnel.Outside, error) { return tunnel.ListenLoopback(0) }
	o.SOCKS, err = net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	o.HTTP, err = net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r.socks, r.web = o.SOCKS.Addr().String(), o.HTTP.Addr().String()
	if o.Ask == nil {
		o.Ask = func(context.Context, status.Prompt) (map[string]profile.Secret, error) {
			return map[string]profile.Secret{"password": "alice-pw"}, nil
		}
	}
	o.Tell = func(s status.Snapshot) { r.snaps <- s }
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() { r.ended <- Run(ctx, o) }()
	t.Cleanup(cancel)
	return r
}

// until waits for a state of the session.
func (r *running) until(t testing.TB, ok func(status.Snapshot) bool) {
	t.Helper()
	for {
		select {
		case s := <-r.snaps:
			if ok(s) {
				return
			}
		case err := <-r.ended:
			t.Fatalf("the session ended: %v", err)
		}
	}
}

func up(s status.Snapshot) bool { return s.State == status.Active }

// end stops the proxy; nothing may be left of it.
func (r *running) end(t testing.TB) {
	t.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", r.socks); err == nil {
		t.Error("somebody still listens")
	}
}

// ask is one SOCKS request; the connection is there if the reply is 0.
func ask(t testing.TB, at string, target []byte, port uint16) (net.Conn, byte) {
	t.Helper()
	c, err := net.Dial("tcp", at)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	_, err = c.Write([]byte{5, 1, 0})
	must(t, err)
	two := make([]byte, 2)
	_, err = io.ReadFull(c, two)
	must(t, err)
	_, err = c.Write(binary.BigEndian.AppendUint16(append([]byte{5, 1, 0}, target...), port))
	must(t, err)
	reply := make([]byte, 10)
	_, err = io.ReadFull(c, reply)
	must(t, err)
	return c, reply[1]
}

func named(s string) []byte { return append([]byte{typeName, byte(len(s))}, s...) }
func addressed(s string) []byte {
	a := netip.MustParseAddr(s).As4()
	return append([]byte{typeIPv4}, a[:]...)
}

// TestThrough: bytes go both ways unchanged, by name and by address, also after one end has said that it ends; what is
// outside is refused; a gateway that dies is replaced, and new connections work.
func TestThrough(t *testing.T) {
	before := runtime.NumGoroutine()
	a, b := newSite(t, "gw1"), newSite(t, "gw2")
	r := start(t, Options{}, "", a, b)
	r.until(t, up)

	data := make([]byte, 3<<20)
	src := rand.NewChaCha8([32]byte{1})
	src.Read(data)
	for _, target := range [][]byte{named("www.corp.example"), addressed("10.20.0.10")} {
		c, reply := ask(t, r.socks, target, 7)
		if reply != replyOK {
			t.Fatalf("reply %d", reply)
		}
		go func() {
			c.Write(data)
			c.(*net.TCPConn).CloseWrite()
		}()
		got, err := io.ReadAll(c)
		if err != nil || sha256.Sum256(got) != sha256.Sum256(data) {
			t.Errorf("%d bytes of %d, %v", len(got), len(data), err)
		}
	}
	for name, target := range map[string]struct {
		target []byte
		reply  byte
	}{
		"outside of the networks": {addressed("192.0.2.1"), replyNotAllowed},
		"this machine":            {addressed("127.0.0.1"), replyNotAllowed},
		"a name outside":          {named("www.example.org"), replyNotAllowed},
		"a name of this machine":  {named("localhost"), replyNotAllowed},
		"nobody listens":          {addressed("10.20.0.10"), replyRefused},
	} {
		port := uint16(80)
		if name == "nobody listens" {
			port = 81
		}
		if _, reply := ask(t, r.socks, target.target, port); reply != target.reply {
			t.Errorf("%s: reply %d, want %d", name, reply, target.reply)
		}
	}
	if page := fetch(t, r.web, "http://www.corp.example/"); !strings.Contains(page, "network of gw1") {
		t.Errorf("%q", page)
	}
	for target, want := range map[string]int{"http://www.example.org/": http.StatusForbidden, "http://10.20.0.10:81/": http.StatusBadGateway} {
		if code := code(t, r.web, target); code != want {
			t.Errorf("%s: status %d, want %d", target, code, want)
		}
	}
	if text := tunnelled(t, r.web, "www.corp.example:80"); !strings.Contains(text, "network of gw1") {
		t.Errorf("CONNECT: %q", text)
	}

	a.Break(gateway.Silent, true)
	a.Disconnect()
	r.until(t, func(s status.Snapshot) bool { return s.State != status.Active })
	if _, reply := ask(t, r.socks, addressed("10.20.0.10"), 80); reply != replyNoNetwork {
		t.Errorf("while the tunnel is down: reply %d", reply)
	}
	r.until(t, up)
	if page := fetch(t, r.web, "http://www.corp.example/"); !strings.Contains(page, "network of gw2") {
		t.Errorf("%q", page)
	}
	r.end(t)
	for i := 0; runtime.NumGoroutine() > before+20 && i < 1000000; i++ { // the two networks are closed by the cleanup
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before+20 {
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before:\n%s", n, before, buf[:runtime.Stack(buf, true)])
	}
}

func through(t testing.TB, at string) *http.Client {
	u, err := url.Parse("http://" + at)
	must(t, err)
	tr := &http.Transport{Proxy: http.ProxyURL(u), DisableKeepAlives: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func fetch(t testing.TB, at, url string) string {
	t.Helper()
	res, err := through(t, at).Get(url)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return string(b)
}

func code(t testing.TB, at, url string) int {
	t.Helper()
	res, err := through(t, at).Get(url)
	must(t, err)
	res.Body.Close()
	return res.StatusCode
}

// tunnelled asks for a page behind CONNECT, all at once, as an impatient client does.
func tunnelled(t testing.TB, at, target string) string {
	t.Helper()
	c, err := net.Dial("tcp", at)
	must(t, err)
	defer c.Close()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\nGET / HTTP/1.0\r\n\r\n", target, target)
	b, err := io.ReadAll(c)
	must(t, err)
	return string(b)
}

// TestRefused: a wrong password ends the proxy with the sentence of the diagnosis.
func TestRefused(t *testing.T) {
	r := start(t, Options{Ask: func(context.Context, status.Prompt) (map[string]profile.Secret, error) {
		return map[string]profile.Secret{"password": "wrong"}, nil
	}}, "", newSite(t, "gw1"))
	var f *Failed
	if err := <-r.ended; !errors.As(err, &f) || f.Diagnosis.Cause != "xauth-refused" {
		t.Error(err)
	}
}

// TestNobodyAnswers: who cannot answer says why, and the session is given up.
func TestNobodyAnswers(t *testing.T) {
	nobody := errors.New("no terminal")
	r := start(t, Options{Ask: func(context.Context, status.Prompt) (map[string]profile.Secret, error) { return nil, nobody }}, "", newSite(t, "gw1"))
	if err := <-r.ended; err == nil {
		t.Error("it ended well")
	}
}

// TestStopWhileAsked: the end does not wait for somebody who thinks.
func TestStopWhileAsked(t *testing.T) {
	asked := make(chan struct{})
	r := start(t, Options{Ask: func(ctx context.Context, _ status.Prompt) (map[string]profile.Secret, error) {
		close(asked)
		<-ctx.Done()
		return nil, ctx.Err()
	}}, "", newSite(t, "gw1"))
	<-asked
	r.end(t)
}

func TestMode(t *testing.T) {
	p := &profile.Profile{Mode: "network-extension"}
	if err := Run(t.Context(), Options{Profile: p}); !errors.Is(err, ErrMode) {
		t.Error(err)
	}
}

// TestCredentials: both proxies want them, and take no others.
func TestCredentials(t *testing.T) {
	r := start(t, Options{User: "u", Password: "p:w"}, "", newSite(t, "gw1"))
	r.until(t, up)
	if n := code(t, r.web, "http://www.corp.example/"); n != http.StatusProxyAuthRequired {
		t.Errorf("without: %d", n)
	}
	if n := code(t, "u:wrong@"+r.web, "http://www.corp.example/"); n != http.StatusProxyAuthRequired {
		t.Errorf("wrong: %d", n)
	}
	if n := code(t, "u:p%3Aw@"+r.web, "http://www.corp.example/"); n != http.StatusOK {
		t.Errorf("right: %d", n)
	}
	r.end(t)
}

// TestIdleClients: who connects and says nothing does not keep the proxy from ending.
func TestIdleClients(t *testing.T) {
	r := start(t, Options{}, "", newSite(t, "gw1"))
	r.until(t, up)
	for _, at := range []string{r.socks, r.web} {
		c, err := net.Dial("tcp", at)
		must(t, err)
		defer c.Close()
		_, err = c.Write([]byte{5})
		must(t, err)
	}
	held, reply := ask(t, r.socks, addressed("10.20.0.10"), 80)
	if reply != replyOK {
		t.Fatal(reply)
	}
	r.end(t)
	if _, err := io.Copy(io.Discard, held); errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// far is the far end of a conversation that a test writes.
type far struct {
	io.Reader
	bytes.Buffer
}

func (f *far) Read(b []byte) (int, error) { return f.Reader.Read(b) }

// TestGreet: the conversations of RFC 1928 section 3 and RFC 1929, byte by byte.
func TestGreet(t *testing.T) {
	for _, c := range []struct {
		creds   credentials
		in, out string
		agreed  bool
	}{
		{credentials{}, "\x05\x01\x00", "\x05\x00", true},
		{credentials{}, "\x05\x03\x01\x02\x00", "\x05\x00", true},
		{credentials{}, "\x05\x01\x02", "\x05\xff", false},
		{credentials{}, "\x05\x00", "\x05\xff", false},
		{credentials{}, "\x04\x01\x00\x50", "", false}, // SOCKS 4
		{credentials{}, "GET / HTTP/1.1", "", false},
		{credentials{"u", "pw"}, "\x05\x02\x00\x02\x01\x01u\x02pw", "\x05\x02\x01\x00", true},
		{credentials{"u", "pw"}, "\x05\x02\x00\x02\x01\x01u\x02px", "\x05\x02\x01\x01", false},
		{credentials{"u", "pw"}, "\x05\x02\x00\x02\x02\x01u\x02pw", "\x05\x02\x01\x01", false},
		{credentials{"u", "pw"}, "\x05\x01\x00", "\x05\xff", false},
		{credentials{"u", "pw"}, "\x05\x01\x02\x01\x01", "\x05\x02", false},
		{credentials{}, "", "", false},
	} {
		f := &far{Reader: strings.NewReader(c.in)}
		err := greet(f, c.creds)
		if (err == nil) != c.agreed || f.String() != c.out {
			t.Errorf("%q: %q, %v; want %q", c.in, f.String(), err, c.out)
		}
	}
}

// TestRequest: RFC 1928 section 4.
func TestRequest(t *testing.T) {
	for in, want := range map[string]string{
		"\x05\x01\x00\x01\x0a\x14\x00\x0a\x00\x50":                   "10.20.0.10 80 <nil>",
		"\x05\x01\x00\x03\x03www\x01\xbb":                            "www 443 <nil>",
		"\x05\x01\x00\x04" + strings.Repeat("\x20", 16) + "\x00\x16": "2020:2020:2020:2020:2020:2020:2020:2020 22 <nil>",
		"\x05\x02\x00\x01\x0a\x14\x00\x0a\x00\x50":                   "  command 2; only CONNECT is spoken",
		"\x05\x03\x00\x01\x0a\x14\x00\x0a\x00\x50":                   "  command 3; only CONNECT is spoken",
		"\x05\x01\x00\x09":                                           "  address type 9",
		"\x05\x01\x00\x03\x00\x00\x50":                               "  a name that no host has",
		"\x05\x01\x00\x03\x05a b\nc\x00\x50":                         "  a name that no host has",
		"\x04\x01\x00\x01":                                           "  this is no SOCKS request",
		"\x05\x01\x01\x01":                                           "  this is no SOCKS request",
		"\x05\x01\x00\x01\x0a\x14":                                   "  unexpected EOF",
		"":                                                           "  EOF",
	} {
		host, port, err := request(strings.NewReader(in))
		if got := fmt.Sprint(host, " ", port, " ", err); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzSOCKS(f *testing.F) {
	for _, s := range []string{"\x05\x01\x00\x05\x01\x00\x01\x0a\x14\x00\x0a\x00\x50", "\x05\x02\x00\x02\x01\x01u\x02pw\x05\x01\x00\x03\x03www\x01\xbb", "", "\x05"} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, auth bool) {
		var c credentials
		if auth {
			c = credentials{"u", "pw"}
		}
		rw := &far{Reader: bytes.NewReader(in)}
		if greet(rw, c) != nil {
			return
		}
		if auth && !bytes.Contains(in, []byte("\x01u\x02pw")) {
			t.Fatal("let in without the password")
		}
		host, _, err := request(rw)
		if err == nil {
			if _, e := netip.ParseAddr(host); e != nil && !isName(host) {
				t.Fatalf("%q", host)
			}
		}
		if rw.Len() > 4 {
			t.Fatalf("%d bytes of answer", rw.Len())
		}
	})
}

// TestCarries: only the networks of the tunnel, without what is excluded from them and what is nobody's.
func TestCarries(t *testing.T) {
	in := inside{network: &status.Network{Include: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, Exclude: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}}
	for a, want := range map[string]bool{"10.0.0.1": true, "198.51.100.7": false, "127.0.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "169.254.169.254": false, "2001:db8::1": false, "::1": false} {
		if in.carries(netip.MustParseAddr(a)) != want {
			t.Errorf("%s: want %v", a, want)
		}
	}
}

// BenchmarkStream is one stream through the proxy, from its client to a mirror inside.
func BenchmarkStream(b *testing.B) {
	r := start(b, Options{}, "", newSite(b, "gw1"))
	r.until(b, up)
	const size = 64 << 20
	data := make([]byte, size)
	b.SetBytes(2 * size)
	for b.Loop() {
		c, reply := ask(b, r.socks, addressed("10.20.0.10"), 7)
		if reply != replyOK {
			b.Fatal(reply)
		}
		go func() {
			c.Write(data)
			c.(*net.TCPConn).CloseWrite()
		}()
		if n, err := io.Copy(io.Discard, c); n != size || err != nil {
			b.Fatal(n, err)
		}
		c.Close()
	}
	r.end(b)
}

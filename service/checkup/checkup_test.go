package checkup

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"ezvpn/client/doctor"
	"ezvpn/ike/isakmp"
	"ezvpn/service/ipc"
)

// far is a UDP port on loopback that gets questions.
type far struct {
	*net.UDPConn
	got chan []byte
}

func listen(t *testing.T, answer func(question []byte) []byte) far {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	f := far{c, make(chan []byte, 64)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := make([]byte, 4096); ; {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			f.got <- append([]byte(nil), b[:n]...)
			if a := answer(b[:n]); a != nil {
				c.WriteToUDPAddrPort(a, from)
			}
		}
	}()
	t.Cleanup(func() { c.Close(); <-done })
	return f
}

func (f far) port() int { return int(f.LocalAddr().(*net.UDPAddr).AddrPort().Port()) }

// run looks with a profile in a directory and no daemon.
func run(t *testing.T, profile string) doctor.Facts {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "office.toml"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	c := ipc.NewClient(filepath.Join(dir, "nobody"))
	defer c.Close()
	return Run(t.Context(), Options{Daemon: c, Profiles: dir, Managed: filepath.Join(dir, "none"), State: filepath.Join(dir, "state"), Patience: 50 * time.Millisecond})
}

// group needs no key: the daemon may have sealed it.
const group = "\n[group]\nname = \"staff\"\n"

// TestAsked: a peer that answers is asked once, behind the non-ESP marker on any port but 500 (RFC 3948 section 2.2),
// and what it says is told; noise from the same address is no answer.
func TestAsked(t *testing.T) {
	var first bool
	f := listen(t, func(q []byte) []byte {
		if !first {
			first = true
			return []byte("not IKE at all")
		}
		h, err := isakmp.ParseHeader(q[4:])
		if err != nil || string(q[:4]) != "\x00\x00\x00\x00" {
			t.Errorf("%x: %v", q, err)
		}
		n := isakmp.Notify{DOI: 1, Protocol: 1, Kind: 14}
		return append(make([]byte, 4), isakmp.AppendMessage(nil, isakmp.Header{Initiator: h.Initiator, Exchange: isakmp.Informational}, n)...)
	})
	facts := run(t, "peers = [\"127.0.0.1:"+strconv.Itoa(f.port())+"\"]"+group)
	p := facts.Peers[0]
	if len(p.Ports) != 1 || p.Ports[0].Reply != doctor.Answered || p.Ports[0].What != "it says NO-PROPOSAL-CHOSEN" || p.Ports[0].Sent != 2 || len(f.got) != 2 {
		t.Errorf("%+v, %d datagrams", p, len(f.got))
	}
	if facts.Service.Release != "" || facts.Profile.Name != "office" || len(facts.Profile.Errors) > 0 || p.Source != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("%+v", facts)
	}
}

// TestSilent: a silent peer gets two datagrams and no more, and a port that nobody has says so.
func TestSilent(t *testing.T) {
	f := listen(t, func([]byte) []byte { return nil })
	gone := listen(t, func([]byte) []byte { return nil })
	gone.Close()
	facts := run(t, "peers = [\"127.0.0.1:"+strconv.Itoa(f.port())+"\", \"127.0.0.1:"+strconv.Itoa(gone.port())+"\"]"+group)
	if p := facts.Peers[0].Ports[0]; p.Reply != doctor.Silent || p.Sent != 2 || len(f.got) != 2 {
		t.Errorf("%+v, %d datagrams", p, len(f.got))
	}
	if p := facts.Peers[1].Ports[0]; p.Reply != doctor.Refused {
		t.Errorf("%+v", p)
	}
	if facts.Peers[0].Web == nil || facts.Peers[1].Web != nil {
		t.Error("a silent peer may hide behind a portal; one that is there does not")
	}
}

// TestWrongProfile: a file that is wrong is said with its line, and nobody is asked.
func TestWrongProfile(t *testing.T) {
	facts := run(t, "peers = [\"127.0.0.1\"]\nmodes = \"client\""+group)
	if len(facts.Peers) > 0 || len(facts.Profile.Errors) == 0 {
		t.Errorf("%+v", facts)
	}
	facts = run(t, "")
	if facts.Profile.Name != "office" || len(facts.Profile.Errors) == 0 {
		t.Errorf("%+v", facts.Profile)
	}
}

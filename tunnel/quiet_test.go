package tunnel

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// keepalives counts what left, all of which must be single bytes to the peer.
func keepalives(t *testing.T, p *port) int {
	t.Helper()
	sent := p.left()
	for _, d := range sent {
		if !bytes.Equal(d.Data, []byte{0xff}) || d.Peer != p.other.addr {
			t.Errorf("sent % x to %s, want a keepalive", d.Data, d.Peer)
		}
	}
	return len(sent)
}

// TestKeepalives: one byte after 20 s of silence (RFC 3948 §4), and none while anything else leaves.
func TestKeepalives(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		time.Sleep(time.Minute + time.Second)
		if n := keepalives(t, p.a); n != 0 {
			t.Errorf("%d keepalives without a peer", n)
		}
		p.left.SetPeer(p.b.addr, true)
		time.Sleep(time.Minute)
		if n := keepalives(t, p.a); n != 3 {
			t.Errorf("%d keepalives in a minute, want 3", n)
		}
		if n := p.right.Stats(); len(n.Drops) != 0 {
			t.Errorf("the other end counts keepalives as %v", n.Drops)
		}

		p.install(gcm128, 1, 2)
		for range 6 {
			p.cross(there(100, 1))
			time.Sleep(15 * time.Second)
		}
		for _, d := range p.a.left() {
			if len(d.Data) == 1 {
				t.Error("a keepalive while packets leave")
			}
		}
		if err := p.left.WriteIKE(p.b.addr, true, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		p.a.left()
		time.Sleep(19 * time.Second)
		if n := keepalives(t, p.a); n != 0 {
			t.Error("a keepalive 19 s after an IKE message")
		}
		time.Sleep(2 * time.Second)
		if n := keepalives(t, p.a); n != 1 {
			t.Errorf("%d keepalives 21 s after an IKE message, want 1", n)
		}

		for name, forget := range map[string]func(){
			"without NAT": func() { p.left.SetPeer(p.b.addr, false) },
			"no address":  func() { p.left.SetPeer(netip.AddrPort{}, true) },
		} {
			p.left.SetPeer(p.b.addr, true)
			forget()
			time.Sleep(time.Minute)
			if n := keepalives(t, p.a); n != 0 {
				t.Errorf("%s: %d keepalives", name, n)
			}
		}
	})
}

func TestKeepaliveInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := wire()
		tun := Open(a, Options{Keepalive: 5 * time.Second})
		defer tun.Close()
		tun.SetPeer(a.other.addr, true)
		time.Sleep(21 * time.Second)
		if n := keepalives(t, a); n != 4 {
			t.Errorf("%d keepalives in 21 s, want 4", n)
		}
	})
}

// TestHeardAndLeft: only what was authentic counts as heard, and only what left counts as sent.
func TestHeardAndLeft(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		if !p.right.Heard().IsZero() || !p.left.LastSent().IsZero() {
			t.Error("something was heard or sent before the first packet")
		}
		p.install(gcm128, 1, 2)
		time.Sleep(time.Second)
		first := time.Now()
		p.cross(there(100, 1))
		if !p.left.LastSent().Equal(first) || !p.right.Heard().Equal(first) || !p.left.Heard().IsZero() {
			t.Errorf("sent %v, heard %v, want %v", p.left.LastSent(), p.right.Heard(), first)
		}
		sealed := p.a.left()[0].Data
		time.Sleep(time.Second)
		for name, data := range map[string][]byte{"a replay": sealed, "noise": bytes.Repeat([]byte{7}, 100),
			"a forgery": append(slices.Clone(sealed[:7]), append([]byte{9}, sealed[8:]...)...), "a keepalive": {0xff}, "IKE": make([]byte, 32)} {
			p.b.in <- Datagram{Peer: p.a.addr, Data: data}
			synctest.Wait()
			if !p.right.Heard().Equal(first) || !p.right.SAStats()[0].LastIn.Equal(first) {
				t.Errorf("%s counts as heard", name)
			}
		}
		p.cross(udp4("10.0.0.9", "10.0.0.2", 60, 1)) // no SA
		if !p.left.LastSent().Equal(first) {
			t.Error("a dropped packet counts as sent")
		}
	})
}

func spoke(tun *Tunnel) bool {
	select {
	case <-tun.Unanswered():
		return true
	default:
		return false
	}
}

// TestUnanswered: a word at most once a second, and only while packets leave to a peer that is silent.
func TestUnanswered(t *testing.T) {
	bubble(t, func(t *testing.T, p *pair) {
		p.install(gcm128, 1, 2)
		answer := func() { p.cross(there(60, 1)); p.back(again(60, 1)) }
		answer()
		spoke(p.left)
		for range 50 { // a lively conversation
			answer()
			time.Sleep(100 * time.Millisecond)
		}
		if spoke(p.left) {
			t.Error("a word while the peer answers")
		}
		time.Sleep(time.Minute)
		if spoke(p.left) {
			t.Error("a word while nothing leaves")
		}
		p.cross(there(60, 1))
		if !spoke(p.left) {
			t.Error("no word for the first packet after a silence")
		}
		p.cross(there(60, 1))
		if spoke(p.left) {
			t.Error("two words in one second")
		}
		answer()
		// The peer dies in the middle of a transfer: the packets that go on leaving must be noticed.
		n := 0
		for range 100 {
			p.cross(there(60, 1))
			time.Sleep(50 * time.Millisecond)
			if spoke(p.left) {
				n++
			}
		}
		if n < 3 || n > 5 {
			t.Errorf("%d words in 5 s of packets into the silence, want one a second", n)
		}
	})
}

// ill is an outside or an inside whose reads fail.
type ill struct {
	*host
	reads int
	err   error
}

func (i *ill) ReadBatch([]Datagram) (int, error) {
	i.reads++
	return 0, i.err
}
func (i *ill) WriteBatch([]Datagram) (int, error)      { return 0, i.err }
func (i *ill) LocalAddr(netip.Addr) (a netip.AddrPort) { return a }

type illInside struct {
	*host
	reads int
	err   error
	good  []byte
	last  int // read that fails, 0 for all
}

func (i *illInside) ReadBatch(bufs [][]byte, sizes []int, offset int) (int, error) {
	i.reads++
	select {
	case <-i.done:
		return i.host.ReadBatch(bufs, sizes, offset)
	default:
	}
	if i.last != 0 && i.reads > i.last {
		return i.host.ReadBatch(bufs, sizes, offset)
	}
	if i.good != nil && i.reads%2 == 0 {
		sizes[0] = copy(bufs[0][offset:], i.good)
		return 1, nil
	}
	return 0, i.err
}

// TestPersistentErrors: a read that fails again and again does not run hot, and ends with the tunnel.
func TestPersistentErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &ill{host: newHost(), err: errors.New("the interface is on fire")}
		tun := Open(o, Options{})
		in := &illInside{host: newHost(), err: errors.New("too many segments")}
		tun.Attach(in)
		time.Sleep(time.Hour)
		if _, err := tun.LocalAddr(netip.MustParseAddr("192.0.2.1")); err == nil {
			t.Error("no local address, and no error")
		}
		if err := tun.WriteIKE(netip.MustParseAddrPort("192.0.2.1:500"), false, []byte("x")); err == nil {
			t.Error("a failed write is no error")
		}
		tun.SetPeer(netip.MustParseAddrPort("192.0.2.1:4500"), true)
		time.Sleep(time.Minute)
		if n := tun.Stats().Drops["outside"]; n < 2 {
			t.Errorf("%d keepalives are counted as lost", n)
		}
		if err := tun.Close(); err != nil {
			t.Error(err)
		}
		in.Close()
		time.Sleep(2 * lastPause)
		synctest.Wait()
		if o.reads > 4000 || o.reads < 1000 || in.reads > 4000 {
			t.Errorf("%d and %d reads in an hour, want about one a second", o.reads, in.reads)
		}
	})
}

// TestSingleErrors: an error between packets costs no packet, and no time.
func TestSingleErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := wire()
		tun := Open(a, Options{})
		in := &illInside{host: newHost(), err: errors.New("one packet was strange"), good: there(60, 1), last: 200}
		start := time.Now()
		tun.Attach(in)
		synctest.Wait()
		if n := tun.Stats().Drops; n["no-sa"] != 100-maxWaiting || n["inside"] != 100 || time.Since(start) != 0 {
			t.Errorf("drops are %v after %v", n, time.Since(start))
		}
		in.Close()
		if err := tun.Close(); err != nil {
			t.Error(err)
		}
	})
}

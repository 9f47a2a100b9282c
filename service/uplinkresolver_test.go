package service

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers over the stream form of DNS (RFC 1035 section 4.2.2): the addresses of a name, or that there is
// none. A nil map is a server that is silent.
type nameServer map[string][]string

func (n nameServer) serve(c net.Conn) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, b); err != nil {
			return
		}
		if n == nil {
			continue
		}
		out := n.answer(b)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
			return
		}
	}
}

func (n nameServer) answer(b []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(b) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	addrs, ok := n[q.Name.String()]
	if !ok {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addrs {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type,
				Class: q.Class, TTL: 60}, Body: &dnsmessage.AResource{A: netip.MustParseAddr(a).As4()}})
		}
	}
	out, _ := m.Pack()
	return out
}

// TestUplinkResolver: all addresses of the first server that knows; one that is silent or refuses is passed over in
// bounded time; one that says that there is no such name is believed; without servers the system is asked.
func TestUplinkResolver(t *testing.T) {
	knows := nameServer{"vpn.example.com.": {"192.0.2.1", "192.0.2.2", "192.0.2.3"}}
	nothing, silent := nameServer{}, nameServer(nil)
	for name, c := range map[string]struct {
		servers []nameServer
		asked   string // name
		want    string
		within  time.Duration
	}{
		"all addresses":         {[]nameServer{knows}, "vpn.example.com", "[192.0.2.1 192.0.2.2 192.0.2.3] <nil>", 0},
		"a final dot":           {[]nameServer{knows}, "vpn.example.com.", "[192.0.2.1 192.0.2.2 192.0.2.3] <nil>", 0},
		"the first is silent":   {[]nameServer{silent, knows}, "vpn.example.com", "[192.0.2.1 192.0.2.2 192.0.2.3] <nil>", serverTime},
		"no such name":          {[]nameServer{nothing, knows}, "vpn.example.com", "no such host", 0},
		"all are silent":        {[]nameServer{silent, silent}, "vpn.example.com", "no name server of the uplink answers", 4 * serverTime},
		"no search domain":      {[]nameServer{{"vpn.example.com.corp.example.": {"192.0.2.9"}}}, "vpn.example.com", "no such host", 0},
		"none, so the system's": {nil, "vpn.example.com", "[203.0.113.9] <nil>", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := resolverOf(c.servers)
			resolverOf([]nameServer{nothing}).lookup(t.Context(), "warm.example.") // what package net keeps for all must not belong to a bubble
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				addrs, err := r.lookup(t.Context(), c.asked)
				if got := fmt.Sprint(addrs, " ", err); !strings.Contains(got, c.want) {
					t.Errorf("%s, want %s", got, c.want)
				}
				if d := time.Since(began); d != c.within {
					t.Errorf("it took %v, want %v", d, c.within)
				}
			})
		})
	}
}

func resolverOf(servers []nameServer) uplinkResolver {
	return uplinkResolver{
		servers: func() (out []netip.AddrPort) {
			for i := range servers {
				out = append(out, netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 53))
			}
			return out
		},
		system: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("203.0.113.9")}, nil
		},
		dial: func(ctx context.Context, _ string, server netip.AddrPort) (net.Conn, error) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			near, far := net.Pipe()
			go servers[server.Addr().As4()[3]].serve(far)
			return near, nil
		},
	}
}

// TestUplinkResolverCannotReach: no way to a server is no reason to wait, and none to ask the system, which would ask
// through the tunnel.
func TestUplinkResolverCannotReach(t *testing.T) {
	r := resolverOf(make([]nameServer, 3))
	asked := 0
	r.dial = func(context.Context, string, netip.AddrPort) (net.Conn, error) {
		asked++
		return nil, errors.New("no route outside the tunnel")
	}
	r.system = func(context.Context, string) ([]netip.Addr, error) { t.Error("the system was asked"); return nil, nil }
	_, err := r.lookup(t.Context(), "vpn.example.com")
	if err == nil || !strings.Contains(err.Error(), "no route outside the tunnel") || asked < 3 {
		t.Errorf("%d asked: %v", asked, err)
	}
}

// TestResolveHurriesWithAnAnswerAtHand: where the last answer is known, a silent name server costs patience and no
// more; else what the caller gives.
func TestResolveHurriesWithAnAnswerAtHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := false
		resolve := remembering(func(ctx context.Context, _ string) ([]netip.Addr, error) {
			if silent {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := resolve(ctx, "known"); err != nil {
			t.Fatal(err)
		}
		silent = true
		began := time.Now()
		if addrs, err := resolve(ctx, "known"); err != nil || len(addrs) != 1 || time.Since(began) != patience {
			t.Errorf("%v, %v after %v", addrs, err, time.Since(began))
		}
		if _, err := resolve(ctx, "other"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

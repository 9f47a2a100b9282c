package checkup

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"ezvpn/client/doctor"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike/isakmp"
	"ezvpn/tunnel/host"
)

const (
	lookupTime = 8 * time.Second
	answerTime = 2 * time.Second // for each of the datagrams to one port
	datagrams  = 2               // to one port, at most
	marked     = 4500            // the port of NAT traversal; only 500 goes without the non-ESP marker (RFC 3948)
)

// look finds the address of a peer and the way to it.
func look(ctx context.Context, m *host.Machine, p profile.Peer, s *status.Snapshot) doctor.Peer {
	d := doctor.Peer{Host: p.Host}
	if a, err := netip.ParseAddr(p.Host); err == nil {
		d.Literal, d.Address = true, a.Unmap()
	}
	if up := standing(s, p); up != nil {
		d.Up, d.Heard = true, up.LastHeard
		if a, err := netip.ParseAddrPort(up.Address); err == nil {
			d.Address = a.Addr()
		}
	} else if !d.Literal {
		lookUp(ctx, &d)
	}
	if !d.Address.IsValid() {
		return d
	}
	u, err := m.Uplink(d.Address)
	if err != nil {
		d.NoWay = err.Error()
	}
	d.Link, d.Source = u.Link, u.Source
	return d
}

// standing is the peer in the snapshot, if the tunnel stands with it.
func standing(s *status.Snapshot, p profile.Peer) *status.Peer {
	if s == nil || s.State != status.Active {
		return nil
	}
	for _, x := range s.Peers {
		if x.Health == "active" && (x.Name == p.String() || x.Name == p.Host) {
			return &x
		}
	}
	return nil
}

func lookUp(ctx context.Context, d *doctor.Peer) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	begun := time.Now()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", d.Host)
	d.Took = time.Since(begun)
	if err != nil {
		var no *net.DNSError
		d.Lookup, d.Unknown = err.Error(), errors.As(err, &no) && no.IsNotFound
		return
	}
	for i, a := range addrs {
		if i == 0 {
			d.Address = a.Unmap()
		} else {
			d.More = append(d.More, a.Unmap())
		}
	}
}

// question is what every port is asked.
type question struct {
	offers   []profile.Phase1
	patience time.Duration
}

// ask sends the question to the ports of a peer, and waits.
func ask(ctx context.Context, d *doctor.Peer, port uint16, q question) {
	if !d.Address.IsValid() || d.NoWay != "" {
		return
	}
	ports := []uint16{port}
	if port == 500 {
		ports = append(ports, marked)
	}
	d.Ports = make([]doctor.Port, len(ports))
	var all sync.WaitGroup
	for i, n := range ports {
		all.Go(func() {
			d.Ports[i] = askPort(ctx, host.Uplink{Link: d.Link, Source: d.Source}, netip.AddrPortFrom(d.Address, n), q)
		})
	}
	all.Wait()
}

func askPort(ctx context.Context, u host.Uplink, to netip.AddrPort, q question) doctor.Port {
	p := doctor.Port{Number: to.Port(), Reply: doctor.Silent}
	c, err := u.Dialer(to.Addr()).DialContext(ctx, "udp4", to.String())
	if err != nil {
		p.Reply, p.What = doctor.Refused, err.Error()
		return p
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	var cookie isakmp.Cookie
	rand.Read(cookie[:])
	message := doctor.Question(cookie, q.offers)
	marker := []byte(nil)
	if to.Port() != 500 {
		marker = make([]byte, 4)
		message = append(marker, message...)
	}
	begun := time.Now()
	for p.Sent < datagrams && ctx.Err() == nil {
		if _, err := c.Write(message); err != nil {
			return refusedBy(p, err)
		}
		p.Sent++
		c.SetReadDeadline(time.Now().Add(q.patience))
		for b := make([]byte, 4096); ; {
			n, err := c.Read(b)
			var slow net.Error
			if errors.As(err, &slow) && slow.Timeout() {
				break
			}
			if err != nil {
				return refusedBy(p, err)
			}
			if n < len(marker) || string(b[:len(marker)]) != string(marker) {
				continue
			}
			if what, ok := doctor.Read(cookie, b[len(marker):n]); ok {
				p.Reply, p.What, p.After = doctor.Answered, what, time.Since(begun)
				return p
			}
		}
	}
	return p
}

func refusedBy(p doctor.Port, err error) doctor.Port {
	p.Reply, p.What = doctor.Refused, err.Error()
	for _, known := range []struct {
		err  error
		what string
	}{
		{syscall.ECONNREFUSED, "nobody listens there (ICMP port unreachable)"},
		{syscall.EHOSTUNREACH, "a router says that there is no such host (ICMP host unreachable)"},
		{syscall.ENETUNREACH, "a router says that there is no such network (ICMP network unreachable)"},
		{syscall.EPERM, "a packet filter of this machine forbids it"},
		{syscall.EACCES, "it is forbidden, by this machine or by a router"},
	} {
		if errors.Is(err, known.err) {
			p.What = known.what
		}
	}
	return p
}

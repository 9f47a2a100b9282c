package checkup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"ezvpn/client/probe"
)

// Resolve gives the one address of a gateway that a probe asks: the first.
func Resolve(ctx context.Context, host string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		if !a.Unmap().Is4() {
			return netip.Addr{}, fmt.Errorf("%s is not an IPv4 address", host)
		}
		return a.Unmap(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if err != nil {
		return netip.Addr{}, err
	}
	return addrs[0].Unmap(), nil
}

// Probe asks the gateway at this address, and tells after each question what is known. It takes minutes. With ctx it
// ends early, with what is known by then.
func Probe(ctx context.Context, to netip.Addr, cfg probe.Config, tell func(probe.Report)) (probe.Report, error) {
	cfg.Rand = rand.Reader
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return probe.Report{}, fmt.Errorf("opening a UDP socket: %w", err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })()
	m := probe.New(cfg)
	asked := 0
	for !m.Done() && ctx.Err() == nil {
		datagram, behind := m.Advance(time.Now())
		if r := m.Report(); r.Asked > asked {
			asked = r.Asked
			tell(r)
		}
		if datagram == nil {
			if err := receive(ctx, c, m, to, cfg.Port); err != nil {
				return m.Report(), err
			}
			continue
		}
		port := cfg.Port
		if behind {
			datagram = append(make([]byte, 4), datagram...)
			if port == 500 {
				port = marked
			}
		}
		if _, err := c.WriteToUDPAddrPort(datagram, netip.AddrPortFrom(to, port)); err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			return m.Report(), fmt.Errorf("sending to %s: %w", to, err)
		}
	}
	m.Stop()
	return m.Report(), nil
}

// receive gives the machine what comes from the gateway, until its deadline.
func receive(ctx context.Context, c *net.UDPConn, m *probe.Machine, from netip.Addr, port uint16) error {
	b := make([]byte, 4096)
	if m.Done() || ctx.Err() != nil {
		return nil
	}
	c.SetReadDeadline(m.Deadline())
	if ctx.Err() != nil { // it came between
		return nil
	}
	n, at, err := c.ReadFromUDPAddrPort(b)
	var late net.Error
	switch {
	case errors.As(err, &late) && late.Timeout(), errors.Is(err, syscall.ECONNREFUSED):
		return nil
	case err != nil:
		return fmt.Errorf("receiving: %w", err)
	case at.Addr().Unmap() != from:
		return nil
	}
	b = b[:n]
	if at.Port() != 500 {
		if n < 4 || string(b[:4]) != "\x00\x00\x00\x00" {
			return nil
		}
		b = b[4:]
	}
	m.Receive(time.Now(), b)
	return nil
}

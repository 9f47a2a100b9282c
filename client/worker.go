package client

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"ezvpn/tunnel"
)

// resolveTime is how long a name server may take before the next peer is tried.
const resolveTime = 10 * time.Second

// job is what the loop gives the worker; result is what comes back. gen is the connect that it belongs to.
type job struct {
	gen int
	do  func(w *worker) event
}

type result struct {
	gen   int
	event event
}

// worker does what may block, one job after the other, so that Apply and Revert never cross. It owns the inside
// device, which outlasts a failover.
type worker struct {
	platform Platform
	inside   tunnel.Inside
	addr     netip.Addr
	old      []tunnel.Inside // replaced, but perhaps still attached
}

// run ends when jobs is closed.
func (w *worker) run(jobs <-chan job, results chan<- result) {
	for j := range jobs {
		results <- result{j.gen, j.do(w)}
	}
}

func (w *worker) resolve(ctx context.Context, a actResolve) event {
	addrs, err := w.platform.Resolve(ctx, a.name)
	var v4 []netip.Addr
	for _, x := range addrs {
		if x = x.Unmap(); x.Is4() {
			v4 = append(v4, x)
		}
	}
	return evResolved{v4, err, a.back}
}

// configure opens the inside if need be and makes the machine match.
func (w *worker) configure(a actConfigure) event {
	cfg, addr := a.host, netip.Addr{}
	if len(cfg.Addresses) > 0 {
		addr = cfg.Addresses[0].Addr()
	}
	if w.inside == nil || w.platform.ReopenInside && w.addr != addr {
		in, err := w.platform.OpenInside(InsideConfig{Name: "ezvpn0", Address: addr, MTU: a.mtu, DNS: cfg.DNS.Servers})
		if err != nil {
			return evDeviceFailed{err}
		}
		if w.inside != nil {
			w.old = append(w.old, w.inside)
		}
		w.inside, w.addr = in, addr
	}
	cfg.Interface, cfg.MTU = w.inside.Name(), a.mtu
	ready := evHostReady{seq: a.seq, inside: w.inside, iface: cfg.Interface, mtu: a.mtu}
	if w.platform.Host == nil {
		return ready
	}
	if err := w.platform.Host.Apply(cfg); err != nil {
		return evHostFailed{err}
	}
	if d, ok := w.platform.Host.(interface{ DNSBy() string }); ok {
		ready.dnsBy = d.DNSBy()
	}
	if n, ok := w.platform.Host.(interface{ Notes() []string }); ok {
		ready.notes = n.Notes()
	}
	return ready
}

// closeOld closes the devices that were replaced.
func (w *worker) closeOld() (err error) {
	for _, in := range w.old {
		err = errors.Join(err, in.Close())
	}
	w.old = nil
	return err
}

// release puts the machine back, then closes both sides.
func (w *worker) release(t *tunnel.Tunnel) event {
	var errs []error
	if w.platform.Host != nil {
		errs = append(errs, w.platform.Host.Revert())
	}
	if t != nil {
		t.Detach()
		errs = append(errs, t.Close())
	}
	if w.inside != nil {
		errs = append(errs, w.inside.Close())
		w.inside = nil
	}
	errs = append(errs, w.closeOld())
	return evTornDown{errors.Join(errs...)}
}

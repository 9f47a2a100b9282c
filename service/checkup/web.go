package checkup

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"ezvpn/client/doctor"
	"ezvpn/tunnel/host"
)

const webTime = 3 * time.Second

// knock asks the web port of the first peer that is silent, if all are: a network with a captive portal answers there in
// the peer's place, with the address of its login page.
func knock(ctx context.Context, peers []doctor.Peer) {
	var silent *doctor.Peer
	for i := range peers {
		p := &peers[i]
		if p.Up {
			return
		}
		nothing := len(p.Ports) > 0
		for _, x := range p.Ports {
			if x.Reply == doctor.Answered {
				return
			}
			nothing = nothing && x.Reply == doctor.Silent
		}
		if silent == nil && nothing {
			silent = p
		}
	}
	if silent != nil {
		silent.Web = askWeb(ctx, host.Uplink{Link: silent.Link, Source: silent.Source}, silent.Host, netip.AddrPortFrom(silent.Address, 80))
	}
}

// askWeb follows no redirect: the page that it leads to is a stranger's.
func askWeb(ctx context.Context, u host.Uplink, name string, to netip.AddrPort) *doctor.Web {
	ctx, cancel := context.WithTimeout(ctx, webTime)
	defer cancel()
	t := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return u.Dialer(to.Addr()).DialContext(ctx, "tcp4", to.String())
	}}
	defer t.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+name+"/", nil)
	if err != nil {
		return nil
	}
	res, err := t.RoundTrip(r)
	if err != nil {
		return &doctor.Web{}
	}
	res.Body.Close()
	w := &doctor.Web{Status: res.StatusCode}
	if l, err := res.Location(); err == nil {
		w.Location = l.Hostname()
	}
	return w
}

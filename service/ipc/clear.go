package ipc

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"ezvpn/client/status"
)

// Clear asks for the SAs of the session to be deleted, if its outside addresses match. Each is IP or IP:PORT; left
// out, it matches all.
type Clear struct {
	Local  string `json:"local,omitempty"`
	Remote string `json:"remote,omitempty"`
}

// Cleared answers Clear. Local and Remote are the outside addresses that the session had, as far as there was one.
type Cleared struct {
	Cleared bool         `json:"cleared"`
	State   status.State `json:"state"` // right after
	Profile string       `json:"profile,omitempty"`
	Local   string       `json:"local,omitempty"`
	Remote  string       `json:"remote,omitempty"`
}

// Patterns are the addresses that are meant; invalid ones and port 0 match all.
func (c Clear) Patterns() (local, remote netip.AddrPort, err error) {
	if local, err = parsePattern("local", c.Local); err != nil {
		return local, remote, err
	}
	remote, err = parsePattern("remote", c.Remote)
	return local, remote, err
}

func parsePattern(what, s string) (netip.AddrPort, error) {
	if s == "" {
		return netip.AddrPort{}, nil
	}
	p, err := netip.ParseAddrPort(s)
	if err == nil && p.Port() == 0 {
		return netip.AddrPort{}, fmt.Errorf("%s: %.60q has port 0; leave the port out to match every port", what, s)
	}
	if err != nil {
		var a netip.Addr
		if a, err = netip.ParseAddr(s); err != nil {
			return netip.AddrPort{}, fmt.Errorf("%s: %.60q is neither IP nor IP:PORT, such as 192.0.2.1 or 192.0.2.1:4500", what, s)
		}
		p = netip.AddrPortFrom(a, 0)
	}
	a := p.Addr().Unmap()
	if a.IsUnspecified() || a.IsMulticast() || a.Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("%s: %.60q is no address of a tunnel's end; leave it out to match every address", what, s)
	}
	return netip.AddrPortFrom(a, p.Port()), nil
}

// Clear deletes the SAs of the session that matches.
func (c *Client) Clear(ctx context.Context, what Clear) (done Cleared, err error) {
	return done, c.verb(ctx, http.MethodPost, PathClear, what, &done)
}

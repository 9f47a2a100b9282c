package bundle

import (
	"context"
	"net/netip"
	"os"
	"os/user"
	"strings"

	"ezvpn/client/profile"
	"ezvpn/client/redact"
	"ezvpn/client/status"
)

// learn tells the redactor every name that is known, so that it is found in texts too.
func (g *gatherer) learn(ctx context.Context) {
	if u, err := user.Current(); err == nil && u.Uid != "0" {
		g.r.Learn(redact.User, u.Username, u.Name)
	}
	if name, err := os.Hostname(); err == nil && name != "localhost" {
		g.r.Learn(redact.Host, name)
	}
	for _, s := range profile.Keys() {
		g.r.Allow(s)
	}
	if s := g.facts.Session; s != nil {
		g.learnSession(s)
	}
	for _, p := range g.facts.Peers {
		g.r.Learn(redact.Peer, p.Host)
		if p.Address.IsValid() {
			g.r.Learn(redact.IP, p.Address.String())
		}
	}
	g.r.Learn(redact.Profile, g.facts.Profile.Name)
	if g.daemon != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	list, err := g.client.Profiles(ctx)
	if err != nil {
		return
	}
	for i, p := range list {
		g.r.Learn(redact.Profile, p.Name)
		if i < maxProfiles {
			g.learnProfile(ctx, p.Name)
		}
	}
}

func (g *gatherer) learnSession(s *status.Snapshot) {
	for _, p := range s.Peers {
		host, addr := p.Name, p.Address
		if h, _, ok := strings.Cut(p.Name, ":"); ok {
			host = h
		}
		g.r.Learn(redact.Peer, host)
		if a, err := netip.ParseAddrPort(addr); err == nil {
			g.r.Learn(redact.IP, a.Addr().String())
		}
	}
	g.r.Learn(redact.Profile, s.Profile)
	if who, _, ok := strings.Cut(s.Owner, " ("); ok && who != "root" {
		g.r.Learn(redact.User, who)
	}
	if n := s.Network; n != nil {
		g.r.Learn(redact.Domain, n.Domain)
		g.r.Learn(redact.Domain, n.SplitDNS...)
		g.r.Learn(redact.Peer, n.Backup...)
	}
	if i := s.ISAKMP; i != nil {
		g.r.Learn(redact.Host, i.PeerID)
	}
}

// kinds are what the names in a profile are.
var kinds = map[string]redact.Kind{"name": redact.Profile, "peers": redact.Peer, "group.name": redact.Group, "xauth.username": redact.User,
	"xauth.domain": redact.Domain, "ike.peer_id": redact.Host, "managed.by": redact.Other}

func (g *gatherer) learnProfile(ctx context.Context, name string) {
	shown, err := g.client.ShowProfile(ctx, name)
	if err != nil {
		return
	}
	for _, s := range shown.Settings {
		kind, ok := kinds[s.Key]
		if !ok {
			continue
		}
		for _, v := range texts(s.Value) {
			if kind == redact.Peer {
				v, _, _ = strings.Cut(v, ":")
			}
			g.r.Learn(kind, v)
		}
	}
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

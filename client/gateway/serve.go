package gateway

import (
	"net/netip"
	"time"

	"ezvpn/ike"
	"ezvpn/ike/isakmp"
)

// server is the policy in the words of the engine, with the faults of the moment.
func (g *Gateway) server() *ike.Server {
	p := g.o.Policy
	addr := g.o.Addr.Addr().As4()
	s := &ike.Server{Local: g.o.Addr, Identity: ike.Identity{Kind: isakmp.IDIPv4, Data: string(addr[:])}, Phase1: p.Phase1, Phase2: p.Phase2,
		Life1: p.Life1, Life2: p.Life2, Kilobytes: p.KBytes, PFS: p.PFS, XAUTH: len(p.Users) > 0,
		NoDPD: p.NoDPD, FragmentSize: 1280 - 20 - 8 - 4} // an IP packet of 1280 bytes
	s.Group = func(id ike.Identity) (ike.Secret, bool) {
		key, ok := p.Groups[id.Data]
		if g.faults[WrongGroupKey] {
			key += " not"
		}
		return ike.Secret(key), ok
	}
	if g.faults[RefuseProposal] {
		s.Phase1 = nil
	}
	s.Narrow = g.narrow
	return s
}

// narrow answers a proposed selector, from our point of view.
func (g *Gateway) narrow(s ike.Selector) (ike.Selector, bool) {
	switch {
	case g.faults[RefuseQuickMode]:
		return s, false
	case g.faults[WidenSelector]:
		s.Remote = netip.MustParsePrefix("0.0.0.0/0")
		return s, true
	}
	for _, n := range g.o.Policy.Inside {
		if s.Local.Bits() < n.Bits() && s.Local.Contains(n.Addr()) {
			s.Local = n
			break
		}
	}
	return s, true
}

// take carries out what the engine wants for one client.
func (g *Gateway) take(now time.Time, s *session, events []ike.Event) {
	for _, ev := range events {
		switch e := ev.(type) {
		case ike.Send:
			if !s.silent {
				g.send(e.Datagram)
			}
		case ike.Secured:
			s.silent = g.faults[SilentAfterPhase1]
			if g.o.Policy.Redirect.IsValid() {
				g.redirect(now, s)
			}
			if len(g.o.Policy.Users) > 0 {
				g.ask(now, s, 0, credentials, "")
			}
		case ike.XAUTHReply:
			g.check(now, s, e)
		case ike.ConfigAsked:
			g.configure(now, s)
		case ike.SAUp:
			g.install(s, e.SA)
			g.succeed(now, s)
			if s.up && g.faults[DeleteAfterConnect] {
				g.take(now, s, s.conn.Close(now, "fault"))
			}
		case ike.SADown:
			g.tunnel.Retire(e.In)
		case ike.Failed, ike.Closed:
			g.forget(s)
		}
	}
}

// redirect sends a client to another gateway of the cluster.
func (g *Gateway) redirect(now time.Time, s *session) {
	to := g.o.Policy.Redirect.As4()
	ev, err := s.conn.Notify(isakmp.Notify{DOI: isakmp.DOIIPsec, Protocol: isakmp.ProtocolISAKMP, Kind: isakmp.UnityLoadBalance, Data: to[:]})
	if err == nil {
		g.take(now, s, ev)
	}
}

var credentials = []ike.XAUTHField{{Name: "username"}, {Name: "password"}}

func (g *Gateway) ask(now time.Time, s *session, kind uint16, fields []ike.XAUTHField, message string) {
	if ev, err := s.conn.RequestXAUTH(now, kind, fields, message); err == nil {
		g.take(now, s, ev)
	}
}

// check looks at an XAUTH answer: user and password first, then the further rounds.
func (g *Gateway) check(now time.Time, s *session, r ike.XAUTHReply) {
	p := g.o.Policy
	if !r.Failed {
		g.asked++
	}
	if g.faults[XAUTHEndless] {
		g.ask(now, s, 0, credentials, "once more")
		return
	}
	ok := !r.Failed
	if s.round == 0 {
		s.user = string(r.Fields["username"])
		want, known := p.Users[s.user]
		ok = ok && known && want == string(r.Fields["password"])
	} else {
		for name, want := range p.Rounds[s.round-1].Want {
			ok = ok && want == string(r.Fields[name])
		}
	}
	if ok && s.round < len(p.Rounds) {
		next := p.Rounds[s.round]
		s.round++
		g.ask(now, s, next.Kind, next.Fields, next.Message)
		return
	}
	message := ""
	if !ok {
		message = "Login failed."
	}
	ev, err := s.conn.FinishXAUTH(now, ok, message)
	if err != nil {
		return
	}
	g.take(now, s, ev)
	s.silent = s.silent || g.faults[SilentAfterXAUTH]
	if ok && p.Push {
		g.lease(s)
		if ev, err := s.conn.PushConfig(now, g.net(s)); err == nil {
			g.take(now, s, ev)
		}
	}
}

func (g *Gateway) configure(now time.Time, s *session) {
	g.lease(s)
	if s.renews != nil {
		s.conn.Adopt(s.renews.conn)
	}
	if ev, err := s.conn.ReplyConfig(now, g.net(s)); err == nil {
		g.take(now, s, ev)
	}
	s.silent = s.silent || g.faults[SilentAfterConfig]
}

func (g *Gateway) net(s *session) ike.ModeConfig {
	n := g.o.Policy.Net
	n.Address = s.addr
	return n
}

// lease gives a client an address; a user who comes again gets the one from before.
func (g *Gateway) lease(s *session) {
	if g.faults[PoolEmpty] || s.addr.IsValid() {
		return
	}
	for a, user := range g.leases {
		if user == s.user {
			s.addr = a
			return
		}
	}
	pool := g.o.Policy.Pool
	for a := pool.Addr().Next().Next(); pool.Contains(a); a = a.Next() {
		if _, taken := g.leases[a]; !taken {
			g.leases[a], s.addr = s.user, a
			return
		}
	}
}

// succeed ends the association that s was begun to renew.
func (g *Gateway) succeed(now time.Time, s *session) {
	if old := s.renews; old != nil {
		s.renews = nil
		g.take(now, old, old.conn.Close(now, "renewed"))
		g.forget(old)
	}
}

func (g *Gateway) forget(s *session) {
	for cookie, x := range g.sessions {
		if x == s {
			delete(g.sessions, cookie)
		}
	}
}

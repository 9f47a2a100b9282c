package gateway

import "time"

// Probe asks every client whether it lives (RFC 3706).
func (g *Gateway) Probe(seq uint32) {
	g.do(func(now time.Time) {
		for _, s := range g.sessions {
			if s.up {
				g.take(now, s, s.conn.Probe(now, seq))
			}
		}
	})
}

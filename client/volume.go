package client

import (
	"slices"
	"time"

	"ezvpn/client/status"
	"ezvpn/ike"
	"ezvpn/tunnel"
	"ezvpn/tunnel/esp"
)

// How often the volume of the IPsec SAs is looked at: a life in bytes may be gone within a minute on a fast link, the
// sequence numbers not within half an hour.
const (
	volumePause   = 5 * time.Second
	sequencePause = time.Minute
)

// watchVolume replaces IPsec SAs that have carried most of what they may (RFC 4301 §4.4.2.1, RFC 4303 §3.3.3). Lives in
// time are the engine's own business.
func (s *session) watchVolume(now time.Time) {
	a := s.main()
	if s.m.state != status.Active || s.tunnel == nil || a == nil {
		s.volumeAt = time.Time{}
		return
	}
	if now.Before(s.volumeAt) {
		return
	}
	stats := s.tunnel.SAStats()
	pause := sequencePause
	for _, sa := range s.m.sas {
		if sa.Bytes > 0 {
			pause = volumePause
		}
		i := slices.IndexFunc(stats, func(x tunnel.SAStats) bool { return x.InSPI == sa.In.SPI })
		if i >= 0 && usedUp(sa, stats[i]) {
			s.feed(now, a, a.conn.Rekey(now, sa.In.SPI)) // the second call for one SA does nothing
		}
	}
	s.volumeAt = now.Add(pause)
}

// usedUp says that it is time for a new SA: at four fifths of the bytes, both directions counted by themselves, or
// half of the sequence numbers.
func usedUp(sa ike.IPsecSA, x tunnel.SAStats) bool {
	return sa.Bytes > 0 && max(x.InBytes, x.OutBytes) >= sa.Bytes/5*4 || x.OutSeq >= esp.RekeySeq
}

package tunnel

import (
	"net/netip"
	"time"

	"ezvpn/tunnel/esp"
)

// SA is what Install takes: one pair of ESP SAs and what they carry.
type SA struct {
	Suite           esp.Suite
	InSPI, OutSPI   uint32
	InEnc, InAuth   []byte
	OutEnc, OutAuth []byte
	Local, Remote   netip.Prefix // selectors from our point of view
	Peer            netip.AddrPort
	InOnly          bool // the peer may not have the SA yet
}

// Stats are counters since Open; packets and bytes are inner ones.
type Stats struct {
	InPackets, InBytes   uint64
	OutPackets, OutBytes uint64
	Drops                map[string]uint64 // by reason, see stats.go
}

// SAStats are the counters of one SA.
type SAStats struct {
	InSPI, OutSPI         uint32
	InBytes, OutBytes     uint64
	InPackets, OutPackets uint64
	OutSeq                uint32 // sequence number of the last packet
	LastIn                time.Time
}

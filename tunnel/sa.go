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
	InEnc, InAuth   []byte // cleared by the tunnel when the SA retires
	OutEnc, OutAuth []byte
	Local, Remote   netip.Prefix // selectors from our point of view
	Peer            netip.AddrPort
}

// Stats are counters since Open; packets and bytes are inner ones.
type Stats struct {
	InPackets, InBytes   uint64
	OutPackets, OutBytes uint64
	Drops                map[string]uint64 // by reason, stable names: "auth", "replay", "unknown-spi", "no-sa", "selector", "too-big", …
}

// SAStats are the counters of one SA, by inbound SPI.
type SAStats struct {
	InSPI, OutSPI         uint32
	InBytes, OutBytes     uint64
	InPackets, OutPackets uint64
	OutSeq                uint32
	LastIn                time.Time
}

// Package profile is the connection profile: one TOML file, parsed strictly, validated whole. Every key is described
// once, in the table that parser, documentation and errors share.
package profile

import (
	"net/netip"
	"time"
)

// Profile is one validated profile with its preset and defaults filled in.
type Profile struct {
	Name    string
	Connect string // "auto", "manual", "traffic"
	Mode    string // "client", "network-extension", "network-extension-plus"
	Peers   []Peer
	Preset  string

	IdleTimeout time.Duration // with connect = "traffic"

	Group    Group
	XAUTH    XAUTH
	DPD      DPD
	IKE      IKE
	ESP      ESP
	Inside   Inside
	NAT      NAT
	Routes   Routes
	DNS      DNS
	Primary  Primary
	Security Security

	AcceptBackupServers bool
}

// Extends says whether the networks behind this machine are shown to the other side.
func (p *Profile) Extends() bool { return p.Mode != "client" }

// Peer is one gateway: an address or a host name, port 500 unless said.
type Peer struct {
	Host string
	Port uint16
}

type Group struct {
	Name    string
	IDType  string // "key-id", "fqdn", "user-fqdn", "address"
	Key     Secret
	KeyFile string // machine profiles only; read by the service
}

type XAUTH struct {
	Username string
	Password Secret // only where the profile itself carries one
	Save     bool
	Domain   string
}

type DPD struct {
	Interval time.Duration
	Retry    time.Duration
	Mode     string // "on-demand", "periodic"
}

// Phase1 and Phase2 name algorithms by their registry numbers, as ike does.
type Phase1 struct {
	Cipher  uint16 // 5 3DES, 7 AES
	KeyBits int
	Hash    uint16 // 1 MD5, 2 SHA-1, 4, 5, 6 SHA2
	Group   uint16
}

type Phase2 struct {
	Cipher  uint8 // 3 3DES, 12 AES-CBC, 20 AES-GCM-16
	KeyBits uint16
	Auth    uint16 // 1 MD5, 2 SHA-1, 5, 6, 7 SHA2; 0 with GCM
}

type IKE struct {
	Proposals     []Phase1
	Exchange      string // "aggressive"
	Lifetime      time.Duration
	Fragmentation bool
	LocalPort     uint16 // 0: any
	AppVersion    string
	PeerID        string // "" accepts any
}

type ESP struct {
	Proposals  []Phase2
	PFS        uint16 // DH group, 0: none unless the gateway asks
	Lifetime   time.Duration
	PerNetwork bool // one IPsec SA per split network
}

type Inside struct {
	Networks   []netip.Prefix
	Interfaces []string
}

type NAT struct {
	Mode      string // "force", "auto", "drafts"
	Keepalive time.Duration
}

type Routes struct {
	LocalLAN bool
	Exclude  []netip.Prefix
	Metric   int
}

type DNS struct {
	Mode string // "split", "full", "off"; "" follows the gateway
}

type Primary struct {
	Return bool
	Hold   time.Duration
}

type Security struct {
	Allow      []string // weak algorithms, one by one: "3des", "md5", "modp1024", …
	KillSwitch bool
}

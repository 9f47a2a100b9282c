// Package status is the vocabulary of the product: one Snapshot feeds the CLI, the tray, health checks and the
// diagnostics bundle. It is plain data with stable JSON; constants are strings, never numbers.
package status

import (
	"net/netip"
	"time"
)

// State of the session. The names follow Cisco IOS where it has one.
type State string

const (
	ConnectRequired State = "CONNECT_REQUIRED" // off, waiting for connect
	Resolving       State = "RESOLVING"        // looking up the peer's name
	Securing        State = "SECURING"         // phase 1 is being negotiated
	XAuthRequired   State = "XAUTH_REQ"        // waiting for the user's answer
	Configuring     State = "CONFIGURING"      // XAUTH is done; Mode Config and Quick Mode are under way
	Active          State = "IPSEC_ACTIVE"     // traffic flows
	FailingOver     State = "FAILING_OVER"     // the peer is dead, the next one is tried
	Waiting         State = "WAITING"          // pausing before the next try
	Standby         State = "STANDBY"          // down for want of traffic; the next packet for the inside connects
	Disconnecting   State = "DISCONNECTING"
	Blocked         State = "BLOCKED" // needs somebody: a refused password, a profile error
)

// Snapshot is everything that is known about one session at one moment.
type Snapshot struct {
	Version   int        `json:"version"` // of this document: 1
	Serial    uint64     `json:"serial"`  // grows with each snapshot of this daemon
	Time      time.Time  `json:"time"`
	State     State      `json:"state"`
	Since     time.Time  `json:"since"`
	Profile   string     `json:"profile,omitempty"`
	Profiles  uint64     `json:"profiles,omitempty"`  // grows when profiles change: who shows them lists them anew
	Owner     string     `json:"owner,omitempty"`     // who started the session
	Diagnosis *Diagnosis `json:"diagnosis,omitempty"` // why it is not up, or last was not
	Prompt    *Prompt    `json:"prompt,omitempty"`
	Banner    string     `json:"banner,omitempty"` // filtered; from the gateway

	Peers    []Peer    `json:"peers"`
	Network  *Network  `json:"network,omitempty"`
	ISAKMP   *ISAKMPSA `json:"isakmp_sa,omitempty"`
	IPsec    []IPsecSA `json:"ipsec_sas,omitempty"`
	DPD      DPD       `json:"dpd"`
	Traffic  Traffic   `json:"traffic"`
	Totals   Totals    `json:"totals"`
	Security *Rating   `json:"security,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
	Events   []Event   `json:"events,omitempty"` // bounded, oldest first
}

// Totals count since the daemon started, over all sessions.
type Totals struct {
	Connects       uint64 `json:"connects"`        // tunnels that came up from nothing
	Failovers      uint64 `json:"failovers"`       // that came up again after they broke, also with the same peer
	Returns        uint64 `json:"returns"`         // ways back to the first peer
	Phase1Renewals uint64 `json:"phase1_renewals"` // ISAKMP SAs that took the place of another one
	Phase2Renewals uint64 `json:"phase2_renewals"` // and IPsec SAs
	DPDMisses      uint64 `json:"dpd_misses"`      // questions that nobody answered in time
}

// Peer is one gateway of the ordered list.
type Peer struct {
	Name      string    `json:"name"`              // as in the profile, or the address that the server pushed
	Address   string    `json:"address,omitempty"` // ip:port in use or last tried
	Origin    string    `json:"origin"`            // "profile", "pushed", "redirect"
	Health    string    `json:"health"`            // "unknown", "trying", "active", "down"
	Since     time.Time `json:"since,omitzero"`
	LastHeard time.Time `json:"last_heard,omitzero"`
	Reason    string    `json:"reason,omitempty"` // why it is down
	NextTry   time.Time `json:"next_try,omitzero"`
}

// Network is what the gateway assigned and what the machine uses of it.
type Network struct {
	Interface      string         `json:"interface"`
	Address        netip.Addr     `json:"address"`
	MTU            int            `json:"mtu"`
	Include        []netip.Prefix `json:"include"` // split networks; 0.0.0.0/0 for everything
	Exclude        []netip.Prefix `json:"exclude,omitempty"`
	DNS            []netip.Addr   `json:"dns,omitempty"`
	DNSMode        string         `json:"dns_mode"`
	DNSBy          string         `json:"dns_by,omitempty"` // which mechanism of the machine carries it
	Domain         string         `json:"domain,omitempty"`
	SplitDNS       []string       `json:"split_dns,omitempty"`
	Backup         []string       `json:"backup_servers,omitempty"`
	SavePassword   bool           `json:"save_password"`
	GatewayVersion string         `json:"gateway_version,omitempty"`
}

// ISAKMPSA is the phase 1 SA.
type ISAKMPSA struct {
	Cookies    string    `json:"cookies"` // initiator:responder, hex
	Local      string    `json:"local"`
	Remote     string    `json:"remote"`
	PeerID     string    `json:"peer_id"`
	Encryption string    `json:"encryption"`
	Hash       string    `json:"hash"`
	Group      string    `json:"group"`
	Auth       string    `json:"auth"`
	NAT        string    `json:"nat"` // "none", "local", "remote", "both"
	NATT       bool      `json:"natt"`
	Vendors    []string  `json:"vendors,omitempty"`
	Since      time.Time `json:"since"`
	Expires    time.Time `json:"expires"`
}

// IPsecSA is one pair of ESP SAs.
type IPsecSA struct {
	InSPI      string    `json:"in_spi"` // 0x…
	OutSPI     string    `json:"out_spi"`
	Encryption string    `json:"encryption"`
	Auth       string    `json:"auth"`
	PFS        string    `json:"pfs,omitempty"`
	Local      string    `json:"local"`
	Remote     string    `json:"remote"`
	InBytes    uint64    `json:"in_bytes"`
	OutBytes   uint64    `json:"out_bytes"`
	InPackets  uint64    `json:"in_packets"`
	OutPackets uint64    `json:"out_packets"`
	Since      time.Time `json:"since"`
	Expires    time.Time `json:"expires"`
	Bytes      uint64    `json:"life_bytes,omitempty"`
}

// DPD is the state of dead peer detection.
type DPD struct {
	Mode     string        `json:"mode"`     // "on-demand", "periodic", "off", "unsupported" (the peer did not announce it)
	Interval int           `json:"interval"` // seconds
	Retry    int           `json:"retry"`
	Misses   int           `json:"misses"`
	Stray    uint64        `json:"stray_acks,omitempty"` // late or wrong answers, which were not believed
	LastAck  time.Time     `json:"last_ack,omitzero"`
	RTT      time.Duration `json:"rtt_ns,omitempty"`
	Heard    time.Time     `json:"last_heard,omitzero"`
}

// Traffic counts inner packets and bytes of this session, and drops by reason.
type Traffic struct {
	InBytes     uint64            `json:"in_bytes"`
	OutBytes    uint64            `json:"out_bytes"`
	InPackets   uint64            `json:"in_packets"`
	OutPackets  uint64            `json:"out_packets"`
	Drops       map[string]uint64 `json:"drops,omitempty"`
	Retransmits uint64            `json:"ike_retransmits"`
}

// Rating says how strong the tunnel is, and why.
type Rating struct {
	Grade   string   `json:"grade"` // "strong", "fair", "weak"
	Reasons []string `json:"reasons,omitempty"`
}

// Diagnosis is one cause, said once for every surface.
type Diagnosis struct {
	Cause    string    `json:"cause"`    // closed list, see client/diagnose
	Sentence string    `json:"sentence"` // one sentence: what happened
	Evidence []string  `json:"evidence,omitempty"`
	Next     string    `json:"next"`         // what the user can do
	By       string    `json:"by,omitempty"` // "local" or "peer"
	Peer     string    `json:"peer,omitempty"`
	Time     time.Time `json:"time"`
}

// Prompt is a question that waits for somebody.
type Prompt struct {
	ID      string        `json:"id"`
	Message string        `json:"message,omitempty"` // from the gateway, filtered
	Fields  []PromptField `json:"fields"`
	Peer    string        `json:"peer"`
	Expires time.Time     `json:"expires"`
}

// PromptField is one answer that is wanted.
type PromptField struct {
	Name   string `json:"name"`  // as ike.XAUTHField
	Label  string `json:"label"` // for a person
	Hidden bool   `json:"hidden"`
	Text   string `json:"text,omitempty"`
}

// Event is one entry of the timeline.
type Event struct {
	Time time.Time `json:"time"`
	Kind string    `json:"kind"` // "state", "phase1", "xauth", "config", "sa", "dpd", "peer", "host", "error"
	Text string    `json:"text"`
}

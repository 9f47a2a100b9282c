// Package host makes the machine match a tunnel: addresses, routes, forwarding and name service, and puts it back. What should
// be is a value (Config), what is is a value (MachineView), and plan is the pure difference; the files named for a
// system hold its calls and nothing else. An undo journal is on disk before the first change, so that a killed process
// leaves nothing that the next one cannot put right.
package host

import (
	"errors"
	"net/netip"
)

// Config is what the machine should look like while a tunnel is up. It is a plain value: compare, apply, revert.
type Config struct {
	Interface string // name of the TUN device, already open
	MTU       int
	Addresses []netip.Prefix // of the interface, /32 as a rule
	Routes    []netip.Prefix // into the tunnel; 0.0.0.0/0 is set so that the machine's own default route stays
	Gateways  []netip.Addr   // reached through the outside link even when inside Routes
	Exclude   []netip.Prefix // stay outside even when inside Routes
	// Forward are the networks behind this machine whose hosts use the tunnel, each masked: the machine forwards
	// between them and the tunnel, and its other links stay as they are. Without Addresses, the machine itself speaks
	// through the tunnel with an address that it has in one of these. They never go into the tunnel themselves.
	Forward []netip.Prefix
	Metric  int
	DNS     DNS
}

// DNSMode says which questions go to the tunnel's servers.
type DNSMode string

const (
	DNSOff   DNSMode = "off"
	DNSSplit DNSMode = "split" // only Domains
	DNSFull  DNSMode = "full"  // all
)

// DNS is the tunnel's name service. Every name was validated as host-name labels before it came here.
type DNS struct {
	Mode    DNSMode      `json:"mode"`
	Servers []netip.Addr `json:"servers,omitempty"`
	Domains []string     `json:"domains,omitempty"` // split domains, first the default domain, if any
	Search  []string     `json:"search,omitempty"`
}

// Configurator changes the machine. Apply is idempotent: it makes the machine match Config, whatever was applied
// before, and writes the undo journal to disk before the first change. Revert undoes everything, also after a crash,
// from the journal alone. After an error of Apply the machine stands between two configurations, as far from a leak as
// the steps done allow: apply again or revert.
type Configurator interface {
	Apply(Config) error
	Revert() error
}

// ErrUnsupported is the answer of a system whose routes and name service this package cannot change.
var ErrUnsupported = errors.New("changing routes and name service is not yet supported on this system; use the proxy instead")

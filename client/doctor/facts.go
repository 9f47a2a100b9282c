// Package doctor tells what stands between this machine and its tunnel. A gatherer fills Facts, Examine makes findings
// of them: pure, so that each finding is one row of a table in the tests.
package doctor

import (
	"net/netip"
	"time"

	"ezvpn/client/status"
)

// Facts is what one look at the machine found. What was not looked at is the zero value, and is never called good.
type Facts struct {
	Release string    // of this command
	Built   time.Time // when its source was written; zero if it is not recorded
	Now     time.Time // by the clock of the machine
	Clock   Kept

	Service Service
	Profile Profile
	Session *status.Snapshot // nil without a service
	TUN     string           // why there is no TUN device; empty if there is one, or if nobody looked

	Links []Link
	Peers []Peer
	Held  string // why the local port of the profile cannot be had; empty if it can
	Left  Left
}

// Kept says whether something keeps the machine's clock right.
type Kept string

const (
	Synced   Kept = "synced"
	Unsynced Kept = "unsynced"
)

// Service is the daemon, as it answers and as the service manager sees it.
type Service struct {
	Release   string // of the daemon that answers; empty if none does
	Code      string // with which the caller was refused, as in ipc; empty for none
	Why       string // sentence of the refusal
	Next      string
	Installed bool // the service manager knows it
	Manager   string
	Problem   string // what the service manager says of one that does not run
}

// Profile is what is examined.
type Profile struct {
	Name      string   // empty if none was chosen
	Choice    []string // those there are, if none was chosen
	Why       string   // why there is nothing to examine; empty for several to choose from
	Errors    []string // what is wrong with its files
	LocalPort uint16   // 0 for any
	ForceNATT bool     // UDP 4500 is needed with or without a NAT
}

// Link is a network interface that is up.
type Link struct {
	Name     string
	MTU      int // bytes
	Networks []netip.Prefix
}

// Peer is one gateway of the profile, and what became of asking it.
type Peer struct {
	Host    string // as in the profile
	Literal bool   // an address, which nobody has to look up
	Lookup  string // why the name has no address
	Unknown bool   // Lookup says that there is no such name; otherwise nobody answered
	Took    time.Duration
	Address netip.Addr   // that was asked: the first
	More    []netip.Addr // others of the name, which were not asked
	Up      bool         // the tunnel stands with it, so it was not asked
	Heard   time.Time    // from it, with Up

	NoWay  string // why no datagram can leave for it; empty if one can
	Link   string // by which it leaves
	Source netip.Addr
	Ports  []Port
	Web    *Web // nil if nobody looked: only for a gateway that is silent
}

// Port is what became of one Main Mode message to one UDP port.
type Port struct {
	Number uint16
	Sent   int // datagrams
	Reply  Reply
	What   string // what was answered, or why it was not
	After  time.Duration
}

// Reply is how a port answered.
type Reply string

const (
	Silent   Reply = "silent"
	Answered Reply = "answered" // IKE, whatever it says
	Refused  Reply = "refused"  // ICMP says that nobody listens, or that somebody forbids
)

// Web is what came back for a request to TCP port 80 of a gateway that is silent: a captive portal answers in its place.
type Web struct {
	Status   int    // of HTTP; 0 for none
	Location string // host that the answer leads to; empty for none
}

// Left is what a dead daemon left behind.
type Left struct {
	Looked  bool
	Alive   bool     // a daemon runs, and what is set is in use
	Why     string   // why nobody could look
	Changes []string // one a line
}

package diagnose

import "ezvpn/ike"

// Cause names what went wrong. The strings are stable; those of the engine are its ike.Reason strings.
type Cause string

// Causes on this machine. Those of the exchange with the gateway are Cause(ike.Reason).
const (
	NameUnknown  Cause = "name-unknown"  // the peer's name has no address
	NoNetwork    Cause = "no-network"    // no socket, or no route to the peer
	Permission   Cause = "permission"    // the daemon may not do what it has to
	ProfileError Cause = "profile-error" // the profile does not hold, or its key file cannot be read
	DeviceFailed Cause = "device-failed" // the TUN device did not open
	HostFailed   Cause = "host-failed"   // addresses, routes or DNS could not be set
	RevertFailed Cause = "revert-failed" // addresses, routes or DNS could not be put back
	RedirectLoop Cause = "redirect-loop" // gateways sent us on and on
	Cancelled    Cause = "cancelled"     // the user gave up
)

// Evidence is what is known about one failure. Only Cause is needed. Strings may come from the gateway: Of filters
// them. There is no place for a secret.
type Evidence struct {
	Cause          Cause
	By             string // "local" or "peer"
	Phase          string // as in ike.Failure
	Peer           string // as in the profile
	Address        string // ip:port that was tried
	User           string // XAUTH user name
	Sent, Received int    // IKE datagrams; for a dead peer Sent counts the DPD probes
	Hint           string // an unauthenticated notify that was seen
	Err            error
}

// Causes lists every cause, for documentation and tests.
func Causes() []Cause {
	out := make([]Cause, 0, len(texts))
	for _, t := range texts {
		out = append(out, t.cause)
	}
	return out
}

// reason shortens the table.
func reason(r ike.Reason) Cause { return Cause(r) }

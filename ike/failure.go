package ike

// Reason is why an association failed: a short closed list that a helpdesk understands. The strings are stable.
type Reason string

const (
	NoAnswer        Reason = "no-answer"        // nothing came back at all
	ProposalRefused Reason = "proposal-refused" // phase 1 or phase 2: NO-PROPOSAL-CHOSEN, or a choice we did not offer
	GroupRefused    Reason = "group-refused"    // the gateway said AUTHENTICATION-FAILED or INVALID-ID: group unknown or key wrong
	GroupKeyWrong   Reason = "group-key-wrong"  // HASH_R does not hold: wrong key, unknown group, or somebody in between
	PeerIdentity    Reason = "peer-identity"    // the gateway is not who the profile says
	XAUTHRefused    Reason = "xauth-refused"    // wrong user, password or code
	XAUTHTimeout    Reason = "xauth-timeout"    // nobody answered the prompt in time
	XAUTHTooMany    Reason = "xauth-too-many"   // more than three prompts of one kind
	NoAddress       Reason = "no-address"       // Mode Config gave no usable address
	ConfigTimeout   Reason = "config-timeout"   // secured, but Mode Config was not answered
	SATimeout       Reason = "sa-timeout"       // configured, but Quick Mode was not answered
	SARefused       Reason = "sa-refused"       // Quick Mode refused
	PeerDeleted     Reason = "peer-deleted"     // the gateway ended the association
	PeerDead        Reason = "peer-dead"        // DPD: nothing heard (set by the owner of the Conn)
	Expired         Reason = "expired"          // the ISAKMP SA reached its end
	Internal        Reason = "internal"         // no random numbers, a bug
)

// By says who decided.
type By string

const (
	Local By = "local"
	Peer  By = "peer"
)

// Phases of an association, as Failure names them.
const (
	PhaseOne    = "phase 1"
	PhaseXAUTH  = "XAUTH"
	PhaseConfig = "Mode Config"
	PhaseQuick  = "Quick Mode"
	PhaseUp     = "established"
)

// Failure is why an association ended. It says nothing secret.
type Failure struct {
	Reason Reason
	By     By
	Phase  string // "phase 1", "XAUTH", "Mode Config", "Quick Mode", "established"
	Err    error  // detail, may be nil

	// Evidence for a diagnosis.
	Sent, Received int    // datagrams of this association
	Hint           string // an unauthenticated notify that was seen, e.g. "NO-PROPOSAL-CHOSEN"
}

func (f *Failure) Error() string {
	s := string(f.Reason)
	if f.Phase != "" {
		s += " in " + f.Phase
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

func (f *Failure) Unwrap() error { return f.Err }

package client

import (
	"net/netip"
	"slices"
	"time"

	"ezvpn/client/diagnose"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
	"ezvpn/tunnel/host"
)

// PromptTime is how long a question waits for somebody; gateways give up on their side after about a minute more.
const PromptTime = 120 * time.Second

// maxRedirects is how often one connect follows a load-balancing redirect.
const maxRedirects = 2

// machine is everything the session decides by. step has a value receiver and returns the new machine, so that a
// table test needs no set-up and an old machine stays true.
type machine struct {
	state   status.State
	since   time.Time
	profile *profile.Profile
	owner   string

	peers     peerList
	creds     credentials
	contacted []netip.Addr // gateways that were sent INITIAL-CONTACT
	redirects int
	hurry     time.Duration // patience with the next dial, if it is not to be the usual one
	doubts    int           // associations that ended where a verdict on the password was due, since traffic flowed
	brief     int           // tunnels in a row that broke at once
	up        bool          // traffic flowed since connect: what follows is a failover

	prompt  *prompt
	prompts int // asked since the daemon started; makes prompt IDs

	dialed    bool // an association is under way: news of one counts
	assoc     int  // which: the number of its actDial
	assocs    int  // numbers that were given out
	isakmp    *ike.ISAKMPSA
	sas       []ike.IPsecSA // without keys
	net       *ike.ModeConfig
	beside    *candidate // takes the place of the association when it is ready
	leaving   *leaving   // was replaced, and stays until the machine is set for the new one
	ownFailed bool       // the latest renewal that we began came to nothing
	renewAt   time.Time  // when phase 1 is negotiated anew after that failed; zero for not
	returnAt  time.Time  // when the way back to the first peer is tried; zero for not
	returns   int        // ways back in a row that ended soon
	brokeSoon time.Time  // a tunnel that breaks before has not held after a way back; zero for none
	proveBy   time.Time  // the peer must be heard until then, or the tunnel is built anew; zero for no doubt
	dice      uint64     // for jitter
	banner    string
	host      *host.Config // what was asked of the machine, nil for nothing
	requested bool         // it was requested for the present association
	seq       int          // of the latest request
	ready     bool         // host is in place
	iface     string
	mtu       int
	dnsBy     string
	warnings  []string
	notes     []string // of the machine, about what was asked of it

	diagnosis *status.Diagnosis
	told      bool         // it is of this round through the list, and of this depth
	deadline  time.Time    // of the pause, or of the prompt; zero for none
	then      status.State // after the release: with WAITING it goes on by itself
}

// prompt is the open question.
type prompt struct {
	status.Prompt
	assoc int
	round int
	have  map[string]ike.Secret // known without asking
}

func newMachine(now time.Time) machine {
	return machine{state: status.ConnectRequired, since: now}
}

// idle says that a connect may begin.
func (m machine) idle() bool { return m.state == status.ConnectRequired || m.state == status.Blocked }

// enter changes the state. After traffic has flowed once, every state on the way back up is a failover.
func (m machine) enter(now time.Time, s status.State) machine {
	if m.up && (s == status.Resolving || s == status.Securing || s == status.Configuring) {
		s = status.FailingOver
	}
	if s != m.state {
		m.state, m.since = s, now
	}
	return m
}

// forget drops what belongs to one association.
func (m machine) forget() machine {
	m.isakmp, m.prompt, m.deadline = nil, nil, time.Time{}
	m.sas, m.requested, m.dialed, m.assoc = nil, false, false, 0
	m.ownFailed = false
	m.renewAt, m.returnAt, m.proveBy = time.Time{}, time.Time{}, time.Time{}
	return m
}

// wakeAt is the earliest of the machine's dates; zero for none.
func (m machine) wakeAt() time.Time {
	next := m.deadline
	dates := []time.Time{m.renewAt, m.returnAt, m.proveBy}
	if m.beside != nil {
		dates = append(dates, m.beside.readyBy)
	}
	if m.leaving != nil {
		dates = append(dates, m.leaving.at)
	}
	for _, t := range dates {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// chance throws the die: a number in [0, 1).
func (m machine) chance() (machine, float64) {
	m.dice += 0x9e3779b97f4a7c15
	z := m.dice
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return m, float64((z^z>>31)>>11) / (1 << 53)
}

func (m machine) peerName() string {
	if len(m.peers.list) == 0 {
		return ""
	}
	return m.peers.current().Peer.String()
}

// diagnosed keeps the diagnosis that tells most of those of one round: a gateway that answered says more than one that
// did not. That of an earlier round stays until there is a new one.
func (m machine) diagnosed(now time.Time, e diagnose.Evidence) machine {
	e.Peer = m.peerName()
	if a, ok := m.peers.address(); ok {
		e.Address = a.String()
	}
	e.User = m.creds.user
	d := diagnose.Of(e)
	d.Time = now
	if m.diagnosis == nil || m.up || !m.told || diagnose.Tells(d) >= diagnose.Tells(*m.diagnosis) {
		m.diagnosis, m.told = &d, true
	}
	return m
}

func (m machine) withSA(sa ike.IPsecSA) machine {
	m = m.withoutSA(sa.In.SPI) // it comes again when the outbound direction may be used
	m.sas = append(m.sas, bare(sa))
	return m
}

// bare is an IPsec SA without its keys.
func bare(sa ike.IPsecSA) ike.IPsecSA {
	sa.In.Enc, sa.In.Auth, sa.Out.Enc, sa.Out.Auth = nil, nil, nil, nil
	return sa
}

func (m machine) withoutSA(in uint32) machine {
	m.sas = slices.DeleteFunc(slices.Clone(m.sas), func(s ike.IPsecSA) bool { return s.In.SPI == in })
	return m
}

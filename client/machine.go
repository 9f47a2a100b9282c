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
	brief     int  // tunnels in a row that broke at once
	up        bool // traffic flowed since connect: what follows is a failover

	prompt  *prompt
	prompts int // asked since the daemon started; makes prompt IDs

	dialed    bool // an association is under way: news of one counts
	isakmp    *ike.ISAKMPSA
	sas       []ike.IPsecSA // without keys
	net       *ike.ModeConfig
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
	deadline  time.Time    // of the prompt or the pause; zero for none
	then      status.State // after the release
}

// prompt is the open question.
type prompt struct {
	status.Prompt
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
	m.sas, m.requested, m.dialed = nil, false, false
	return m
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
	sa.In.Enc, sa.In.Auth, sa.Out.Enc, sa.Out.Auth = nil, nil, nil, nil
	m = m.withoutSA(sa.In.SPI) // it comes again when the outbound direction may be used
	m.sas = append(m.sas, sa)
	return m
}

func (m machine) withoutSA(in uint32) machine {
	m.sas = slices.DeleteFunc(slices.Clone(m.sas), func(s ike.IPsecSA) bool { return s.In.SPI == in })
	return m
}

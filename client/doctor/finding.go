package doctor

import "slices"

// Level is how much a finding matters.
type Level string

const (
	OK      Level = "ok"
	Unknown Level = "unknown" // could not be looked at
	Note    Level = "note"    // worth knowing
	Warning Level = "warning" // may stand in the way
	Fault   Level = "fault"   // stands in the way
)

// Finding is one thing that was looked at. Sentences are for a person and may be worded anew; ID and Level are stable.
type Finding struct {
	ID       string   `json:"id"`
	Level    Level    `json:"level"`
	About    string   `json:"about,omitempty"` // the peer or the link, where there are several
	Sentence string   `json:"sentence"`
	Evidence []string `json:"evidence,omitempty"`
	Next     string   `json:"next,omitempty"` // what to do; always with a warning and a fault
}

// check is one thing to look at. It gives no finding where the facts do not apply.
type check struct {
	id, about string
	of        func(Facts) []Finding
	peer      bool // it is about one peer of several
}

// checks are in the order in which a person would look: what is nearest first.
var checks = []check{
	{"service", "whether the daemon runs, understands this command, and lets the caller use it", service, false},
	{"session", "what the daemon says of its session: up, waiting, blocked, and why", session, false},
	{"device", "whether the machine has a TUN device", device, false},
	{"profile", "whether there is a profile to connect with, and its files are right", chosen, false},
	{"clock", "whether the machine's clock can be right: one-time codes depend on it", clock, false},
	{"dns", "whether the names of the peers have addresses", names, true},
	{"network", "whether a datagram can leave for the peer", network, true},
	{"vpn", "whether the way to the peer goes through another VPN, or a local network is also one of the inside", others, true},
	{"reach", "whether the peer answers a Main Mode message on UDP 500 and 4500", reach, true},
	{"portal", "whether a captive portal answers in the place of a peer that is silent", portal, true},
	{"nat", "whether a NAT is on the way, and port 4500 open for it", nat, false},
	{"mtu", "whether the link has room for the tunnel's packets", mtu, false},
	{"port", "whether the local UDP port that the profile asks for is free", held, false},
	{"leftovers", "whether a daemon that died left addresses, routes or name servers behind", leftovers, false},
}

// Checks gives the id of every check and what it looks at, in order.
func Checks() [][2]string {
	var out [][2]string
	for _, c := range checks {
		out = append(out, [2]string{c.id, c.about})
	}
	return out
}

// Examine makes findings of facts, in the order of Checks. Several of one check are about several peers or links.
func Examine(f Facts) []Finding {
	var out []Finding
	for _, c := range checks {
		for _, x := range c.of(f) {
			x.ID = c.id
			if x.Level == Fault && c.peer && f.served(x.About) {
				x.Level = Warning // another peer takes its place
			}
			out = append(out, x)
		}
	}
	return out
}

// served says that a peer is there to connect to, beside this one.
func (f Facts) served(but string) bool {
	return slices.ContainsFunc(f.Peers, func(p Peer) bool {
		return p.Host != but && (p.Up || slices.ContainsFunc(p.Ports, func(x Port) bool { return x.Reply == Answered }))
	})
}

// Worst is the gravest level among findings; OK for none.
func Worst(all []Finding) Level {
	worst := OK
	for _, f := range all {
		if grave(f.Level) > grave(worst) {
			worst = f.Level
		}
	}
	return worst
}

func grave(l Level) int {
	for i, x := range []Level{OK, Unknown, Note, Warning, Fault} {
		if x == l {
			return i
		}
	}
	return 0
}

func one(l Level, sentence, next string, evidence ...string) []Finding {
	return []Finding{{Level: l, Sentence: sentence, Next: next, Evidence: evidence}}
}

func about(a string, l Level, sentence, next string, evidence ...string) Finding {
	return Finding{Level: l, About: a, Sentence: sentence, Next: next, Evidence: evidence}
}

// Package probe finds out which phase 1 proposals a gateway takes, by asking it: one question at a time, slowly, and no
// more than a bounded number. It is pure: datagrams and the time in, datagrams and a report out.
//
// A question is the first message of phase 1 with all ciphers and hashes of one Diffie-Hellman group. The gateway picks
// one; the next question leaves that out, until it takes none. So the number of questions is that of the groups plus
// that of the proposals that it takes. Main Mode holds no name and no key; Aggressive Mode names a group, and is used
// only if one is given. What the gateway proves with in its answer (HASH_R) is not kept: it could be used to guess the
// group key.
package probe

import (
	"io"
	"time"

	"ezvpn/client/profile"
	"ezvpn/ike/isakmp"
)

// The manners.
const (
	Pause      = time.Second     // between two datagrams, at least
	Rest       = 8 * time.Second // after a question that was taken up: gateways bear few half-open SAs of one client
	Patience   = 3 * time.Second // for an answer
	MaxAsked   = 48              // questions
	MaxSent    = 80              // datagrams
	MaxHalf    = 30              // proposals that are taken up: each leaves a half-open SA until the gateway's time is over
	tries      = 2               // datagrams for one question
	patient    = 3               // where the gateway says no to what it does not take: silence is a loss then
	firstTried = 3               // groups that are asked before a port counts as silent
)

// groups are asked in this order: those that Easy VPN gateways have come first.
var groups = []string{"modp2048", "modp1536", "modp1024", "modp3072", "modp4096", "ecp256", "ecp384", "ecp521", "curve25519"}

var (
	ciphers = []string{"aes256", "aes192", "aes128", "3des"}
	hashes  = []string{"sha512", "sha384", "sha256", "sha1", "md5"}
)

// Config says what is asked.
type Config struct {
	Rand  io.Reader // for cookies, nonces and key pairs
	Group string    // name of a group as KEY_ID: asks in Aggressive Mode; empty for Main Mode
	Port  uint16    // 500, which falls back to 4500; any other is asked behind the non-ESP marker
}

// Machine is one probe.
type Machine struct {
	cfg      Config
	queue    []question
	sent     int // datagrams of the question that is open
	cookie   isakmp.Cookie
	message  []byte
	open     bool      // a question waits for its answer
	due      time.Time // of the next datagram, or of giving the answer up
	marked   bool
	answered bool // anything at all came back
	saysNo   bool // what it does not take, it refuses; otherwise silence may be a refusal
	unheard  bool // of a gateway that says no, a question stayed without an answer
	silent   int  // questions in a row without an answer
	done     bool
	report   Report
	err      error
}

// question is what is left to ask of one group.
type question struct {
	group  string
	method uint16
	offer  []profile.Phase1
}

// New begins a probe; Advance gives the first datagram.
func New(cfg Config) *Machine {
	m := &Machine{cfg: cfg, marked: cfg.Port != 500}
	m.report = Report{Exchange: "main", Port: cfg.Port, Groups: []GroupAnswer{}, Accepted: []Accepted{}, Vendors: []string{}}
	if cfg.Group != "" {
		m.report.Exchange = "aggressive"
	}
	m.begin(isakmp.AuthXAUTHInitPreShared)
	return m
}

// begin asks everything with one authentication method.
func (m *Machine) begin(method uint16) {
	m.queue = nil
	for _, g := range groups {
		q := question{group: g, method: method}
		for _, c := range ciphers {
			for _, h := range hashes {
				if p, err := profile.ParsePhase1(c + "-" + h + "-" + g); err == nil {
					q.offer = append(q.offer, p)
				}
			}
		}
		m.queue = append(m.queue, q)
	}
	m.report.XAUTH = method == isakmp.AuthXAUTHInitPreShared
	m.report.Groups = m.report.Groups[:0]
}

// Done says that nothing more is asked.
func (m *Machine) Done() bool { return m.done }

// Deadline is when Advance has something to do.
func (m *Machine) Deadline() time.Time { return m.due }

// Advance gives the datagram that is due, without the non-ESP marker; nil for none. Marked says that it goes to port
// 4500, or the port that was given, behind the marker.
func (m *Machine) Advance(now time.Time) (datagram []byte, marked bool) {
	if m.done || now.Before(m.due) {
		return nil, false
	}
	if m.open && !m.again() {
		m.unanswered()
		m.due = now.Add(Pause)
		return nil, false
	}
	if !m.open && !m.next() {
		return nil, false
	}
	if m.report.Sent >= MaxSent {
		m.end("the bound of datagrams was reached")
		return nil, false
	}
	m.sent++
	m.report.Sent++
	m.due = now.Add(Patience)
	return m.message, m.marked
}

// again says whether an open question is asked once more: one datagram that is lost must not pass for a refusal.
func (m *Machine) again() bool {
	if m.saysNo {
		return m.sent < patient
	}
	return m.sent < tries
}

// next makes the next question.
func (m *Machine) next() bool {
	switch {
	case len(m.queue) == 0 && m.answered && len(m.report.Accepted) == 0 && m.report.XAUTH:
		m.begin(isakmp.AuthPreShared)
	case len(m.queue) == 0 && m.unheard:
		m.end("some questions got no answer")
		return false
	case len(m.queue) == 0:
		m.report.Quiet = m.answered && !m.saysNo
		m.end("")
		return false
	}
	if m.report.Asked >= MaxAsked || len(m.report.Accepted) >= MaxHalf {
		m.end("the bound of questions was reached")
		return false
	}
	if m.message, m.err = m.write(m.queue[0]); m.err != nil {
		m.end(m.err.Error())
		return false
	}
	m.report.Asked++
	m.open, m.sent = true, 0
	return true
}

// unanswered takes silence: a refusal of a gateway that does not say no, or no gateway.
func (m *Machine) unanswered() {
	m.open = false
	m.close("silent", "")
	m.unheard = m.unheard || m.saysNo
	if m.silent++; m.silent < firstTried || m.answered && !m.saysNo {
		return
	}
	if m.answered {
		m.end("it stopped answering")
		return
	}
	if !m.marked {
		m.marked, m.silent, m.report.Port = true, 0, 4500
		m.begin(isakmp.AuthXAUTHInitPreShared)
		return
	}
	m.end("no answer")
}

// close ends what is asked of a group.
func (m *Machine) close(answer, says string) {
	q := m.queue[0]
	m.queue = m.queue[1:]
	for _, a := range m.report.Accepted {
		if a.group == q.group {
			answer = "accepted"
		}
	}
	m.report.Groups = append(m.report.Groups, GroupAnswer{q.group, answer, says})
}

func (m *Machine) end(why string) {
	m.done, m.open, m.message = true, false, nil
	m.report.finish(why)
}

// Stop ends the probe early.
func (m *Machine) Stop() {
	if !m.done {
		m.end("it was stopped")
	}
}

package ike

import (
	"fmt"
	"time"

	"ezvpn/ike/isakmp"
)

// Reasons of Stats.Drops: "malformed", "cookie", "fragment", "early", "message-id", "unexpected", "unprotected",
// "decrypt", "hash", "script", "proposal", "selector", "duplicate", "flood", "identity", "key-exchange".

// drop counts a message that changes nothing. err says why, and holds no secret.
func (c *Conn) drop(reason string, err error) {
	c.stats.Drops[reason]++
	if err == nil {
		c.emit(Noted{"dropped", reason})
		return
	}
	c.emit(Noted{"dropped", reason + ": " + err.Error()})
}

func (c *Conn) note(step, format string, args ...any) {
	c.emit(Noted{step, fmt.Sprintf(format, args...)})
}

// grace is how long an unauthenticated refusal waits for a genuine answer that proves it wrong.
const grace = 2 * time.Second

// hint is what an unauthenticated message said. It explains and shortens a wait that ends in nothing; it never ends
// an association that is secured.
type hint struct {
	reason Reason
	text   string
	err    error
	until  time.Time
}

// unprotected takes a clear message outside phase 1. Before the keys exist it is a hint; afterwards it is nothing.
func (c *Conn) unprotected(now time.Time, h isakmp.Header, body []byte) {
	if h.Exchange != isakmp.Informational || c.auth != nil || c.client == nil && !c.begins {
		c.drop("unprotected", fmt.Errorf("clear %v message", h.Exchange))
		return
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, body)
	if err != nil {
		c.drop("malformed", err)
		return
	}
	for _, p := range payloads {
		n, ok := p.Payload.(isakmp.Notify)
		if !ok || !n.IsError() {
			continue
		}
		c.note("received", "clear %v, which anybody could send", n)
		reason := ProposalRefused
		switch n.Kind {
		case isakmp.AuthenticationFailed, isakmp.InvalidIDInformation:
			reason = GroupRefused
		case isakmp.NoProposalChosen, isakmp.InvalidKeyInformation, isakmp.AttributesNotSupported, isakmp.InvalidPayloadType,
			isakmp.InvalidExchangeType, isakmp.BadProposalSyntax, isakmp.UnsupportedExchangeType:
		default:
			continue
		}
		c.suspect(now, reason, n.String(), nil)
		return
	}
	c.drop("unprotected", nil)
}

// suspect keeps the first hint, but a message 2 says more than a notify: a gateway that got so far knows the group and
// took a proposal. The wait does not get longer.
func (c *Conn) suspect(now time.Time, r Reason, text string, err error) {
	switch {
	case c.hint == nil:
		c.hint = &hint{reason: r, text: text, err: err, until: now.Add(grace)}
	case text == "" && c.hint.text != "":
		c.hint.reason, c.hint.err = r, err
	}
}

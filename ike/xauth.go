package ike

import (
	"errors"
	"fmt"
	"time"

	"ezvpn/ike/isakmp"
)

// maxPrompts is how often one kind of secret is asked for in one association.
const maxPrompts = 3

// xauthState is the conversation about user and password (XAUTH draft §5, §6).
type xauthState struct {
	begun    bool
	done     bool
	answered bool // and no verdict yet
	round    int
	asked    map[uint16]int
	pending  *exchange // waits for Answer
	request  isakmp.Config
}

// xauthFields names the attributes that a user can be asked for.
var xauthFields = map[uint16]XAUTHField{
	isakmp.XAUTHUserName:  {Name: "username"},
	isakmp.XAUTHPassword:  {Name: "password", Hidden: true},
	isakmp.XAUTHPasscode:  {Name: "passcode", Hidden: true},
	isakmp.XAUTHChallenge: {Name: "challenge"},
	isakmp.XAUTHDomain:    {Name: "domain"},
	isakmp.XAUTHNextPIN:   {Name: "next-pin", Hidden: true},
	isakmp.XAUTHAnswer:    {Name: "answer"},
}

func fieldNumber(name string) uint16 {
	for n, f := range xauthFields {
		if f.Name == name {
			return n
		}
	}
	return 0
}

func asksXAUTH(as []isakmp.Attribute) bool {
	for _, a := range as {
		if a.Type >= isakmp.XAUTHType && a.Type <= isakmp.XAUTHAnswer {
			return true
		}
	}
	return false
}

// xauthKind reads XAUTH-TYPE: generic when there is none, and an error for one that we do not answer.
func xauthKind(as []isakmp.Attribute) (uint16, error) {
	a, found := isakmp.Find(as, isakmp.XAUTHType)
	if !found || len(a.Value) == 0 {
		return isakmp.XAUTHGeneric, nil
	}
	switch v, ok := a.Uint(); {
	case !ok || v > isakmp.XAUTHSKey:
		return 0, errors.New("the gateway wants a type of XAUTH that the draft does not name")
	case v == isakmp.XAUTHRADIUSCHAP:
		return 0, errors.New("the gateway wants RADIUS-CHAP, which gives a hash of the password to guess at")
	default:
		return uint16(v), nil
	}
}

// xauthRequest puts a REQUEST to the owner. The password goes out in Answer only, which needs c.auth: the gateway has
// proved that it knows the group key.
func (c *Conn) xauthRequest(now time.Time, x *exchange, m isakmp.Config) {
	c.stopPull()
	if c.phase == secured {
		c.stage = PhaseXAUTH
	}
	x.config.xauth = true
	x.last = nil // the answer is still to come: duplicates of the question are not answered
	x.forget = time.Time{}
	s := &c.xauth
	if s.asked == nil {
		s.asked = map[uint16]int{}
	}
	s.begun, s.done, s.round, s.pending, s.request = true, false, s.round+1, x, m
	kind, err := xauthKind(m.Attributes)
	if err != nil {
		c.giveUpXAUTH(now)
		c.fail(XAUTHRefused, Local, err)
		return
	}
	ask := AskXAUTH{Round: s.round, Kind: kind, Message: text(m.Attributes, isakmp.XAUTHMessage)}
	challenge := text(m.Attributes, isakmp.XAUTHChallenge)
	for _, a := range m.Attributes {
		f, known := xauthFields[a.Type]
		if !known || a.Type == isakmp.XAUTHChallenge {
			continue
		}
		if s.asked[a.Type]++; s.asked[a.Type] > maxPrompts {
			c.giveUpXAUTH(now)
			c.fail(XAUTHTooMany, Peer, fmt.Errorf("%s was asked for %d times", f.Name, s.asked[a.Type]))
			return
		}
		f.Text = string(a.Value)
		if f.Hidden && challenge != "" {
			f.Text = challenge
		}
		ask.Fields = append(ask.Fields, f)
	}
	if len(ask.Fields) == 0 { // a text alone needs nobody's answer, so that nobody would stop it
		if s.asked[isakmp.XAUTHMessage]++; s.asked[isakmp.XAUTHMessage] > maxPrompts {
			c.giveUpXAUTH(now)
			c.fail(XAUTHTooMany, Peer, fmt.Errorf("%d questions asked for nothing", s.asked[isakmp.XAUTHMessage]))
			return
		}
	}
	c.wait = time.Time{} // the user has time; the owner ends it
	c.emit(ask)
}

// Answer answers AskXAUTH. Answers of another round are ignored.
func (c *Conn) Answer(now time.Time, a XAUTHAnswer) []Event {
	if c.phase == closed || c.auth == nil || c.xauth.pending == nil || a.Round != c.xauth.round {
		return c.take()
	}
	s := &c.xauth
	var out []isakmp.Attribute
	for _, q := range s.request.Attributes {
		f, known := xauthFields[q.Type]
		switch {
		case q.Type == isakmp.XAUTHType:
			out = append(out, q) // the type comes back iff it was sent, with its value
			continue
		case !known || q.Type == isakmp.XAUTHChallenge:
			continue
		}
		v, given := a.Fields[f.Name]
		if !given {
			a.Cancel = true
			break
		}
		out = append(out, isakmp.TLV(q.Type, v))
	}
	if a.Cancel {
		c.giveUpXAUTH(now)
		return c.take()
	}
	x := s.pending
	s.pending = nil
	s.answered = true
	c.note("sent", "XAUTH answer")
	if c.sendConfig(x, isakmp.ConfigReply, s.request.Identifier, out...) {
		c.wait, x.forget = now.Add(stepWait), now.Add(stepWait+keep)
		c.urging(now, x.last, urges[:], true)
	}
	return c.take()
}

// giveUpXAUTH says that something asked for is not to be had (XAUTH draft §6.1).
func (c *Conn) giveUpXAUTH(now time.Time) {
	x := c.xauth.pending
	c.xauth.pending = nil
	c.sendConfig(x, isakmp.ConfigReply, c.xauth.request.Identifier, isakmp.TV(isakmp.XAUTHStatus, isakmp.XAUTHFail))
	if c.phase != closed {
		c.wait, x.forget = now.Add(stepWait), now.Add(keep)
	}
}

// xauthVerdict takes STATUS.
func (c *Conn) xauthVerdict(now time.Time, ok bool, message string) {
	if c.xauth.done {
		return // said again
	}
	c.stopPull()
	c.xauth.begun, c.xauth.done, c.xauth.pending, c.xauth.answered = true, ok, nil, false
	c.emit(XAUTHDone{OK: ok, Message: message})
	switch {
	case !ok:
		c.fail(XAUTHRefused, Peer, nil)
	case c.phase == configured: // it asked again on a live tunnel
	case c.complete():
		c.configured(now)
	default:
		c.pull(now)
	}
}

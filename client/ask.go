package client

import (
	"fmt"
	"maps"
	"time"

	"ezvpn/client/diagnose"
	"ezvpn/client/status"
	"ezvpn/ike"
)

// asked answers an XAUTH request from what is known, or puts the question to somebody.
func (m machine) asked(now time.Time, e ike.AskXAUTH) (machine, []action) {
	have, missing, creds := m.creds.known(e.Fields)
	m.creds = creds
	if len(missing) == 0 {
		return m.reply(ike.XAUTHAnswer{Round: e.Round, Fields: have})
	}
	m.prompts++
	m.prompt = &prompt{round: e.Round, have: have, Prompt: status.Prompt{
		ID: fmt.Sprintf("q%d", m.prompts), Message: status.Filter(e.Message), Fields: promptFields(missing),
		Peer: m.peerName(), Expires: now.Add(PromptTime),
	}}
	m.deadline = now.Add(PromptTime)
	return m.enter(now, status.XAuthRequired), []action{actNote{"xauth", "the gateway asks for credentials"}}
}

func (m machine) reply(a ike.XAUTHAnswer) (machine, []action) {
	for _, secret := range []string{"password", "passcode", "next-pin"} {
		if _, ok := a.Fields[secret]; ok {
			m.creds.sent = true
		}
	}
	return m, []action{actAnswer{a}}
}

// answered takes what somebody typed. Session.answer checked that the ID is that of the open prompt.
func (m machine) answered(now time.Time, e evAnswer) (machine, []action) {
	if m.prompt == nil || e.id != m.prompt.ID {
		return m, nil
	}
	p := m.prompt
	m.prompt, m.deadline = nil, time.Time{}
	if e.cancel {
		m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cancelled})
		m, acts := m.stop(now, status.ConnectRequired)
		return m, append([]action{actAnswer{ike.XAUTHAnswer{Round: p.round, Cancel: true}}}, acts...)
	}
	fields := maps.Clone(p.have)
	for _, f := range p.Fields {
		fields[f.Name] = ike.Secret(e.fields[f.Name])
	}
	m.creds = m.creds.answered(p.round, e.fields)
	m = m.enter(now, status.Configuring)
	return m.reply(ike.XAUTHAnswer{Round: p.round, Fields: fields})
}

func (m machine) xauthDone(now time.Time, e ike.XAUTHDone) (machine, []action) {
	m.prompt, m.deadline = nil, time.Time{}
	if !e.OK {
		m.creds = m.creds.refused()
		note := "the gateway refused the credentials"
		if e.Message != "" {
			note += ": " + status.FilterLine(e.Message)
		}
		return m, []action{actNote{"xauth", note}} // Failed follows
	}
	return m.enter(now, status.Configuring), []action{actNote{"xauth", "the gateway accepted the credentials"}}
}

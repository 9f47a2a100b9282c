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
func (m machine) asked(now time.Time, assoc int, e ike.AskXAUTH) (machine, []action) {
	have, missing, creds := m.creds.known(e.Fields)
	m.creds = creds
	if len(missing) == 0 {
		return m.reply(assoc, ike.XAUTHAnswer{Round: e.Round, Fields: have})
	}
	m.prompts++
	m.prompt = &prompt{assoc: assoc, round: e.Round, have: have, Prompt: status.Prompt{
		ID: fmt.Sprintf("q%d", m.prompts), Message: status.Filter(e.Message), Fields: promptFields(missing),
		Peer: m.peerName(), Expires: now.Add(PromptTime),
	}}
	m.deadline = now.Add(PromptTime)
	if assoc == m.assoc {
		m = m.enter(now, status.XAuthRequired) // otherwise the tunnel is up, and stays so meanwhile
	}
	return m, []action{actNote{"xauth", "the gateway asks for credentials"}}
}

func (m machine) reply(assoc int, a ike.XAUTHAnswer) (machine, []action) {
	for _, secret := range []string{"password", "passcode", "next-pin"} {
		if _, ok := a.Fields[secret]; ok {
			m.creds.sent = true
		}
	}
	return m, []action{actAnswer{assoc, a}}
}

// answered takes what somebody typed. Session.answer checked that the ID is that of the open prompt.
func (m machine) answered(now time.Time, e evAnswer) (machine, []action) {
	if m.prompt == nil || e.id != m.prompt.ID {
		return m, nil
	}
	p := m.prompt
	m.prompt, m.deadline = nil, time.Time{}
	if e.cancel && p.assoc != m.assoc {
		return m.cancelCandidate(now, p, "the answer was cancelled")
	}
	if e.cancel {
		m = m.diagnosed(now, diagnose.Evidence{Cause: diagnose.Cancelled})
		m, acts := m.stop(now, status.ConnectRequired)
		return m, append([]action{cancelled(p)}, acts...)
	}
	fields := maps.Clone(p.have)
	for _, f := range p.Fields {
		fields[f.Name] = ike.Secret(e.fields[f.Name])
	}
	m.creds = m.creds.answered(p.round, e.fields)
	if p.assoc == m.assoc {
		m = m.enter(now, status.Configuring)
	}
	return m.reply(p.assoc, ike.XAUTHAnswer{Round: p.round, Fields: fields})
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
	if m.state != status.Active {
		m = m.enter(now, status.Configuring)
	}
	return m, []action{actNote{"xauth", "the gateway accepted the credentials"}}
}

// cancelled tells the gateway that there will be no answer.
func cancelled(p *prompt) action {
	return actAnswer{p.assoc, ike.XAUTHAnswer{Round: p.round, Cancel: true}}
}

// cancelCandidate gives up a renewal that nobody answered for. The tunnel lives until its ISAKMP SA expires.
func (m machine) cancelCandidate(now time.Time, p *prompt, why string) (machine, []action) {
	if m.beside == nil || m.beside.assoc != p.assoc {
		return m, nil
	}
	m, acts := m.candidateFailed(now, why)
	m.renewAt = time.Time{}
	return m, append([]action{cancelled(p)}, acts...)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// follower watches one connect to its end.
type follower struct {
	*app
	cl      *ipc.Client
	name    string
	asker   *asker
	said    string // last line printed
	asked   string // ID of the question that is open on our side
	answers chan ipc.Answer
	last    status.Snapshot

	remember bool // ask that the password be kept
}

type observed struct {
	snap status.Snapshot
	err  error
}

// follow prints how the connect goes, answers what is asked, and returns nil when the tunnel is up.
func (a *app) follow(ctx context.Context, cl *ipc.Client, name string, o upOptions) error {
	wait, cancel := context.WithCancel(ctx)
	if o.wait > 0 {
		wait, cancel = context.WithTimeout(ctx, o.wait)
	}
	defer cancel()
	f := &follower{app: a, cl: cl, name: name, asker: newAsker(a, o.stdin), answers: make(chan ipc.Answer, 1), remember: o.remember}
	defer f.asker.restore()
	err := f.watch(wait)
	switch {
	case ctx.Err() != nil:
		return f.giveUp()
	case errors.Is(err, context.DeadlineExceeded):
		return diagnosed(exitTimeout, fmt.Sprintf("%s is not up after %v; the service goes on trying", name, o.wait),
			f.last.Diagnosis)
	}
	return err
}

func (f *follower) watch(ctx context.Context) error {
	stream, err := f.cl.Watch(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	snaps := make(chan observed)
	go func() {
		for {
			snap, err := stream.Next()
			select {
			case snaps <- observed{snap, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case o := <-snaps:
			if o.err != nil {
				return o.err
			}
			if done, err := f.see(ctx, o.snap); done || err != nil {
				return err
			}
		case answer := <-f.answers:
			switch answer.ID {
			case "":
				f.arrived(f.last)
				return nil
			case f.asked:
			default: // somebody else answered that, and what is asked now could not be put meanwhile
				f.put(ctx)
				continue
			}
			if err := f.send(ctx, answer); err != nil {
				return err
			}
		}
	}
}

// see takes one snapshot.
func (f *follower) see(ctx context.Context, s status.Snapshot) (done bool, err error) {
	f.last = s
	f.say(line(s))
	switch s.State {
	case status.Active:
		if s.Prompt != nil {
			break // phase 1 is renewed, and wants to know who we are; the tunnel is up meanwhile
		}
		f.arrived(s)
		return true, nil
	case status.Blocked, status.ConnectRequired:
		return true, diagnosed(exitFailed, f.name+" is not up", s.Diagnosis)
	}
	if f.asker.busy() && (s.Prompt == nil || s.Prompt.ID != f.asked) {
		f.asker.drop()
		f.say("answered elsewhere; press Enter if you are asked for more")
	}
	if s.Prompt != nil && s.Prompt.ID != f.asked {
		f.asked = s.Prompt.ID
		if !f.asker.busy() {
			f.put(ctx)
		}
	}
	return false, nil
}

// put asks what is asked now, if anything is.
func (f *follower) put(ctx context.Context) {
	if p := f.last.Prompt; p != nil {
		f.asker.set(true)
		go f.ask(ctx, *p, f.last.State == status.Active)
	}
}

func (f *follower) ask(ctx context.Context, p status.Prompt, up bool) {
	answer := ipc.Answer{ID: p.ID, Remember: f.remember}
	fields, err := f.asker.ask(p)
	if err != nil {
		f.asker.failed(err)
		answer.Cancel = true
		if up {
			answer.ID = "" // somebody else may answer: the tunnel is up
		}
	}
	answer.Fields = fields
	select {
	case f.answers <- answer:
	case <-ctx.Done():
	}
}

// send hands an answer over. That the question is gone by now shows in the next snapshot.
func (f *follower) send(ctx context.Context, answer ipc.Answer) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_, err := f.cl.Answer(ctx, answer)
	var e *ipc.Error
	if errors.As(err, &e) && e.Code == ipc.NoPrompt {
		err = nil
	}
	if why := f.asker.why(); answer.Cancel && err == nil && why != nil {
		return why
	}
	return err
}

// giveUp disconnects after Ctrl-C. A tunnel that is up stays: only its renewal was not answered.
func (f *follower) giveUp() error {
	if f.last.State == status.Active {
		fmt.Fprintln(f.err)
		return &failure{code: exitInterrupted, sentence: "not answered; the tunnel is up until its ISAKMP SA expires",
			next: "see until when: ezvpn status"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	fmt.Fprintln(f.err)
	_, err := f.cl.Down(ctx)
	var e *ipc.Error
	if err != nil && !(errors.As(err, &e) && e.Code == ipc.NoSession) {
		return err
	}
	return &failure{code: exitInterrupted, sentence: "interrupted; " + f.name + " is not connected"}
}

func (f *follower) say(s string) {
	if s != f.said {
		f.said = s
		fmt.Fprintln(f.err, s)
	}
}

// arrived prints what a user wants to know once the tunnel is up.
func (f *follower) arrived(s status.Snapshot) {
	if s.Banner != "" {
		fmt.Fprintf(f.out, "\nMessage from the gateway:\n  %s\n\n",
			strings.ReplaceAll(strings.TrimSpace(status.Filter(s.Banner)), "\n", "\n  "))
	}
	up := f.name + " is up"
	if n := s.Network; n != nil {
		up += fmt.Sprintf(": %s on %s", n.Address, n.Interface)
	}
	if p := trying(s); p != "" {
		up += ", through " + p
	}
	fmt.Fprintln(f.out, f.green(up))
	if s.Security != nil && s.Security.Grade == "weak" {
		fmt.Fprintf(f.out, "security: weak: %s\n", strings.Join(s.Security.Reasons, "; "))
	}
	for _, w := range s.Warnings {
		fmt.Fprintln(f.out, "warning: "+status.FilterLine(w))
	}
}

// line is the state in a few words.
func line(s status.Snapshot) string {
	peer := trying(s)
	if peer == "" {
		peer = "the gateway"
	}
	switch s.State {
	case status.Resolving:
		return "looking up " + peer
	case status.Securing:
		return "negotiating with " + peer
	case status.XAuthRequired:
		return peer + " asks who you are"
	case status.Configuring:
		return "fetching the configuration from " + peer
	case status.Active:
		if s.Prompt != nil {
			return "up; " + peer + " asks who you are, to renew the ISAKMP SA"
		}
		return "up"
	case status.FailingOver:
		return "the last gateway is lost; trying " + peer
	case status.Waiting:
		return waiting(s)
	case status.Standby:
		return "resting until a packet for the inside waits"
	case status.Disconnecting:
		return "disconnecting"
	}
	return "not connected"
}

func waiting(s status.Snapshot) string {
	w := "waiting before the next try"
	for _, p := range s.Peers {
		if !p.NextTry.IsZero() {
			w = "next try at " + p.NextTry.Local().Format(time.TimeOnly)
		}
	}
	if s.Diagnosis != nil {
		w = status.FilterLine(s.Diagnosis.Sentence) + "; " + w
	}
	return w
}

// trying is the name of the gateway that the session talks to.
func trying(s status.Snapshot) string {
	for _, p := range s.Peers {
		if p.Health == "trying" || p.Health == "active" {
			return status.FilterLine(p.Name)
		}
	}
	return ""
}

package diagnose

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"ezvpn/client/status"
	"ezvpn/ike"
)

// Of gives the diagnosis. Its Time is the caller's to set.
func Of(e Evidence) status.Diagnosis {
	if slices.Contains([]Cause{NoNetwork, DeviceFailed, HostFailed}, e.Cause) && errors.Is(e.Err, fs.ErrPermission) {
		e.Cause = Permission
	}
	e.Peer, e.Address, e.User = status.FilterLine(e.Peer), status.FilterLine(e.Address), status.FilterLine(e.User)
	e.Hint, e.Phase = status.FilterLine(e.Hint), status.FilterLine(e.Phase)
	t := textOf(e.Cause)
	return status.Diagnosis{
		Cause: string(t.cause), Sentence: t.sentence(e), Evidence: e.lines(), Next: t.next, By: e.By, Peer: e.Peer,
	}
}

// Tells says how much a diagnosis explains, from 0: where several peers failed, the one that tells most is shown. A
// gateway that answered says more than one that did not.
func Tells(d status.Diagnosis) int { return textOf(Cause(d.Cause)).tells }

func textOf(c Cause) text {
	for _, t := range texts {
		if t.cause == c {
			return t
		}
	}
	t := textOf(reason(ike.Internal))
	return t
}

// lines is the evidence, one fact a line.
func (e Evidence) lines() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if e.Address != "" {
		add("Gateway: %s", e.where())
	}
	switch {
	case e.Cause == reason(ike.PeerDead) && e.Sent > 0:
		add("R-U-THERE sent %d times without an answer", e.Sent)
	case e.Sent > 0 || e.Received > 0:
		add("IKE messages: %d sent, %d received", e.Sent, e.Received)
	}
	if e.Phase != "" {
		add("It ended in: %s", e.Phase)
	}
	if e.Hint != "" {
		add("The gateway's side sent %s, which anybody on the way could forge", e.Hint)
	}
	if e.Err != nil {
		add("Detail: %s", status.FilterLine(e.Err.Error()))
	}
	return out
}

// where names the gateway for a person: "vpn.example.com (198.51.100.1)".
func (e Evidence) where() string {
	host, _ := e.endpoint()
	switch {
	case e.Peer == "" && host == "":
		return "the gateway"
	case e.Peer == "" || e.Peer == host:
		return host
	case host == "":
		return e.Peer
	}
	return e.Peer + " (" + host + ")"
}

// endpoint splits Address; the port is 500 where it is not said.
func (e Evidence) endpoint() (host, port string) {
	host, port, ok := strings.Cut(e.Address, ":")
	if !ok {
		return e.Address, "500"
	}
	return host, port
}

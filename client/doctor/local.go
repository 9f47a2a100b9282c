package doctor

import (
	"fmt"
	"strings"
	"time"

	"ezvpn/client/status"
)

// Codes of ipc that mean something here.
const (
	notAllowed      = "not-allowed"
	versionMismatch = "version-mismatch"
)

func service(f Facts) []Finding {
	s := f.Service
	switch {
	case s.Code == versionMismatch:
		return one(Fault, s.Why, nextOr(s.Next, "install ezvpn and ezvpnd from the same release"))
	case s.Code == notAllowed:
		return one(Fault, "the service runs, but you may not use it: "+s.Why, nextOr(s.Next, "run it with sudo"))
	case s.Release != "" && s.Release != f.Release:
		return one(Warning, fmt.Sprintf("the service is of release %s, this command of %s", s.Release, f.Release),
			"install both from one release, then restart the service: sudo ezvpn service restart")
	case s.Release != "":
		return one(OK, "the service runs, release "+s.Release, "")
	case s.Problem != "":
		return one(Fault, "the service does not run: "+s.Problem, "sudo ezvpn service start; if it ends again: ezvpn log", manager(s)...)
	case s.Installed:
		return one(Fault, "the service is installed and does not run", "sudo ezvpn service start", manager(s)...)
	}
	return one(Fault, "no service runs on this machine", "sudo ezvpn service install", manager(s)...)
}

func manager(s Service) []string {
	if s.Manager == "" {
		return nil
	}
	return []string{"service manager: " + s.Manager}
}

func session(f Facts) []Finding {
	s := f.Session
	if s == nil {
		return nil
	}
	var out []Finding
	for _, w := range s.Warnings {
		out = append(out, about("", Warning, status.FilterLine(w), "see the log of the service: ezvpn log"))
	}
	d := s.Diagnosis
	switch {
	case s.State == status.Active:
		out = append(out, about("", OK, tunnelOf(s.Profile)+" is up since "+s.Since.Format("2006-01-02 15:04:05"), ""))
	case s.Prompt != nil:
		out = append(out, about("", Warning, "the gateway waits for an answer", "ezvpn up "+s.Profile))
	case s.State == status.ConnectRequired && d == nil:
		out = append(out, about("", Note, "no tunnel is asked for", "ezvpn up"))
	case d != nil:
		l := Warning
		if s.State == status.Blocked {
			l = Fault
		}
		var seen []string
		for _, e := range d.Evidence {
			seen = append(seen, status.FilterLine(e))
		}
		out = append(out, about("", l, status.FilterLine(d.Sentence), nextOr(status.FilterLine(d.Next), "ezvpn status"), seen...))
	default:
		out = append(out, about("", Note, "the session is "+s.State.Meaning(), "ezvpn status"))
	}
	return out
}

// tunnelOf: who may only look is not told the profile.
func tunnelOf(profile string) string {
	if profile == "" {
		return "a tunnel"
	}
	return "the tunnel of " + profile
}

func nextOr(next, otherwise string) string {
	if next == "" {
		return otherwise
	}
	return next
}

func device(f Facts) []Finding {
	if f.TUN == "" {
		return nil
	}
	return one(Fault, "this machine has no TUN device: "+f.TUN,
		"load the kernel's module tun; in a container, give it /dev/net/tun, or use ezvpn proxy, which needs none")
}

func chosen(f Facts) []Finding {
	p := f.Profile
	switch {
	case p.Name != "" && len(p.Errors) > 0 && len(f.Peers) > 0:
		return one(Warning, "the files of profile "+p.Name+" are wrong; an older version is in use", "correct them; check with: ezvpn profile check FILE", p.Errors...)
	case p.Name != "" && len(p.Errors) > 0:
		return one(Fault, "the files of profile "+p.Name+" are wrong", "correct them; check with: ezvpn profile check FILE", p.Errors...)
	case p.Name != "":
		return one(OK, fmt.Sprintf("profile %s with %s", p.Name, count(len(f.Peers), "peer")), "")
	case len(p.Choice) > 0:
		return one(Note, fmt.Sprintf("there are %d profiles, so no peer was asked", len(p.Choice)),
			"name one: ezvpn doctor --profile "+p.Choice[0], shortened(p.Choice)...)
	case p.Why != "":
		return one(Unknown, "no profile was examined: "+p.Why, "")
	}
	return one(Fault, "there is no profile", "make one: sudo ezvpn profile new --install, or bring one: ezvpn profile import FILE")
}

// shortened keeps a list readable.
func shortened(all []string) []string {
	const most = 8
	if len(all) > most {
		return append(append([]string(nil), all[:most]...), fmt.Sprintf("and %d more", len(all)-most))
	}
	return all
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// ahead is how long after its release a copy may be in use before its clock is doubted.
const ahead = 15 * 365 * 24 * time.Hour

func clock(f Facts) []Finding {
	at := f.Now.Format("2006-01-02 15:04:05 -0700")
	next := "set the clock, or let a time service set it: one-time codes fail with a wrong clock"
	switch {
	case f.Now.IsZero():
		return nil
	case !f.Built.IsZero() && f.Now.Before(f.Built.Add(-24*time.Hour)):
		return one(Warning, "the clock is wrong: it says "+at+", before this program was written", next)
	case !f.Built.IsZero() && f.Now.After(f.Built.Add(ahead)):
		return one(Warning, "the clock may be wrong: it says "+at+", many years after this program was written", next)
	case f.Clock == Unsynced:
		return one(Note, "nothing keeps the clock right; it says "+at, "compare it with another clock if one-time codes are refused")
	case f.Clock == Synced:
		return one(OK, "the clock is kept by a time service; it says "+at, "")
	}
	return one(OK, "the clock says "+at, "")
}

func held(f Facts) []Finding {
	if f.Held == "" {
		return nil
	}
	return one(Fault, fmt.Sprintf("UDP port %d of this machine, which the profile asks for, cannot be had: %s", f.Profile.LocalPort, f.Held),
		"end the other IKE program (strongSwan, libreswan, another client), or take ike.local_port out of the profile")
}

func leftovers(f Facts) []Finding {
	l := f.Left
	switch {
	case !l.Looked && l.Why == "":
		return nil
	case !l.Looked:
		return one(Unknown, "what a dead service left behind could not be looked at: "+l.Why, "")
	case l.Alive:
		return one(OK, "the service runs; what is set on the machine is in use", "")
	case len(l.Changes) == 0:
		return one(OK, "nothing of a former tunnel is left on the machine", "")
	}
	return one(Fault, "a service that died left "+count(len(l.Changes), "change")+" of the machine behind", "sudo ezvpn repair, or start the service, which undoes them",
		shortened(l.Changes)...)
}

func join(list []string) string { return strings.Join(list, ", ") }

// Package checkup gathers what client/doctor examines: from the daemon, if one answers, and from the machine. It changes
// nothing, needs no rights that its caller lacks, and sends to nobody but the name servers of the machine and the peers
// of the profile.
package checkup

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"ezvpn/client/doctor"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/install"
	"ezvpn/service/ipc"
	"ezvpn/service/repair"
	"ezvpn/tunnel/host"
)

// Options say where to look.
type Options struct {
	Daemon            *ipc.Client
	Profile           string // name; empty for the one that is in use, or the only one
	Profiles, Managed string // directories, for when no daemon answers
	State             string // directory of the undo journal
	Quiet             bool   // sends no datagram to a peer

	Patience time.Duration // for an answer to each datagram; 0 is 2 s
}

// askDaemon bounds the verbs of the daemon.
const askDaemon = 10 * time.Second

// Run looks. It takes some seconds if a peer is silent.
func Run(ctx context.Context, o Options) doctor.Facts {
	f := doctor.Facts{Release: ipc.Release(), Built: built(), Now: time.Now(), Clock: clockKept(), TUN: tunMissing()}
	f.Service, f.Session = askService(ctx, o.Daemon)
	f.Links = links()
	f.Left = left(o.State, f.Session != nil)
	var p *profile.Profile
	f.Profile, p = choose(ctx, o, f.Session)
	if p == nil {
		return f
	}
	if f.Session == nil || f.Session.ISAKMP == nil {
		f.Held = held(p.IKE.LocalPort)
	}
	machine := host.New(host.Options{Dir: o.State})
	f.Peers = make([]doctor.Peer, len(p.Peers))
	var all sync.WaitGroup
	for i, peer := range p.Peers {
		all.Go(func() {
			f.Peers[i] = look(ctx, machine, peer, f.Session)
			if !o.Quiet && !f.Peers[i].Up {
				ask(ctx, &f.Peers[i], peer.Port, question{p.IKE.Proposals, cmp.Or(o.Patience, answerTime)})
			}
		})
	}
	all.Wait()
	if !o.Quiet {
		knock(ctx, f.Peers)
	}
	return f
}

// built is when the source of this program was written, as Go recorded it.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ := time.Parse(time.RFC3339, s.Value)
			return t
		}
	}
	return time.Time{}
}

// askService asks the daemon for its release and its session, and the service manager if no daemon answers.
func askService(ctx context.Context, c *ipc.Client) (doctor.Service, *status.Snapshot) {
	ctx, cancel := context.WithTimeout(ctx, askDaemon)
	defer cancel()
	var s doctor.Service
	v, err := c.Version(ctx)
	s.Release = v.Daemon
	var refused *ipc.Error
	switch {
	case err == nil:
		if snap, e := c.Status(ctx); e == nil {
			_, e = c.ListProfiles(ctx)
			if errors.As(e, &refused) {
				s.Code, s.Why, s.Next = refused.Code, refused.Sentence, refused.Next
			}
			return s, &snap
		}
		return s, nil
	case errors.As(err, &refused) && refused.Code != ipc.Unreachable:
		s.Code, s.Why, s.Next = refused.Code, refused.Sentence, refused.Next
		return s, nil
	}
	if m, err := install.New(func(string) {}); err == nil {
		s.Manager = m.Manager
		if state, err := m.State(); err == nil {
			s.Installed, s.Problem = state.Installed, state.Problem
		}
	}
	return s, nil
}

// left looks at what a dead daemon left behind. Only who may change the machine may look at the journal.
func left(dir string, alive bool) doctor.Left {
	if alive {
		return doctor.Left{Looked: true, Alive: true}
	}
	if !install.Privileged() {
		return doctor.Left{Why: "only root or an administrator may"}
	}
	r, err := repair.Run(dir, true)
	switch {
	case errors.Is(err, repair.ErrAlive):
		return doctor.Left{Looked: true, Alive: true}
	case err != nil:
		return doctor.Left{Why: err.Error()}
	}
	return doctor.Left{Looked: true, Changes: r.Found}
}

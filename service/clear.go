package service

import (
	"net/http"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

func (a *api) clear(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.Clear
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	local, remote, err := req.Patterns()
	if err != nil {
		ipc.Refuse(w, &ipc.Error{Code: ipc.BadRequest, Sentence: err.Error(), Next: "give IP or IP:PORT, or leave it out"})
		return
	}
	before := a.session.Snapshot()
	cleared, err := a.session.Clear(local, remote)
	if err != nil {
		ipc.Refuse(w, a.internal("clear", err))
		return
	}
	after := a.session.Snapshot()
	answer := ipc.Cleared{Cleared: cleared, State: after.State, Profile: before.Profile}
	answer.Local, answer.Remote = outside(before)
	if cleared {
		a.log.Info("clear", "profile", before.Profile, "local", answer.Local, "remote", answer.Remote, "caller", c.Label())
	}
	ipc.Reply(w, answer)
}

// outside are the ends of the tunnel, as far as they are known.
func outside(s status.Snapshot) (local, remote string) {
	if s.ISAKMP != nil {
		return s.ISAKMP.Local, s.ISAKMP.Remote
	}
	for _, p := range s.Peers {
		if p.Health == "active" || p.Health == "trying" {
			return "", p.Address
		}
	}
	return "", ""
}

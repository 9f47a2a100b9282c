package service

import (
	"errors"
	"net/http"

	"ezvpn/client"
	"ezvpn/service/ipc"
)

// answer hands an answer to the session. Whoever may have the session may answer: the tray, a command at a terminal or
// one that reads standard input. The first answer counts; the others find the question gone from their snapshots, and
// are told so.
func (a *api) answer(w http.ResponseWriter, r *http.Request, c ipc.Caller) {
	var req ipc.Answer
	if e := ipc.Read(w, r, &req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	if e := a.complete(req); e != nil {
		ipc.Refuse(w, e)
		return
	}
	before := a.session.Snapshot()
	switch err := a.session.Answer(req.ID, req.Fields.Secrets(), req.Cancel); {
	case errors.Is(err, client.ErrNoPrompt):
		ipc.Refuse(w, &ipc.Error{Code: ipc.NoPrompt, Sentence: "nothing is being asked, or it was answered already",
			Next: "look at what is asked now: ezvpn status"})
	case err != nil:
		ipc.Refuse(w, a.internal("answer", err))
	default:
		a.answered(c, before, req)
		a.reply(w)
	}
}

// complete refuses an answer that leaves something of the open prompt out: the gateway would count it as a wrong one.
func (a *api) complete(req ipc.Answer) *ipc.Error {
	if e := req.Fields.Check(); e != nil {
		return e
	}
	p := a.session.Snapshot().Prompt
	if p == nil || p.ID != req.ID || req.Cancel {
		return nil // the session knows
	}
	asked := map[string]bool{}
	for _, f := range p.Fields {
		asked[f.Name] = true
		if _, given := req.Fields[f.Name]; !given {
			return &ipc.Error{Code: ipc.BadRequest, Sentence: "the answer leaves out what is asked: " + f.Name,
				Next: "answer every field of the prompt"}
		}
	}
	for name := range req.Fields {
		if !asked[name] {
			return &ipc.Error{Code: ipc.BadRequest, Sentence: "the answer is to something that is not asked",
				Next: "answer the fields of the prompt, and no others"}
		}
	}
	return nil
}

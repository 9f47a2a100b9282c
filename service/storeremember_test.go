//go:build linux || darwin

package service

import (
	"testing"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// TestRememberPassword: a typed password is kept for its user and profile where the user asks, the profile says so and
// the gateway allows it; a code never; and one that is refused later is forgotten.
func TestRememberPassword(t *testing.T) {
	saving := named("office") + "[xauth]\nsave = true\n"
	both := []status.PromptField{{Name: "username"}, {Name: "password", Hidden: true}}
	for name, c := range map[string]struct {
		text     string
		remember bool
		fields   []status.PromptField
		rounds   int
		end      func(*status.Snapshot)
		kept     bool
	}{
		"all agree":                {saving, true, both, 1, upAllowing(true), true},
		"not asked for":            {saving, false, both, 1, upAllowing(true), false},
		"the gateway does not":     {saving, true, both, 1, upAllowing(false), false},
		"the profile does not":     {named("office"), true, both, 1, upAllowing(true), false},
		"a code":                   {saving, true, append(both[:1:1], status.PromptField{Name: "passcode", Hidden: true}), 1, upAllowing(true), false},
		"a code beside it":         {saving, true, append(both[:2:2], status.PromptField{Name: "answer", Hidden: true}), 1, upAllowing(true), false},
		"a second question":        {saving, true, both, 2, upAllowing(true), false},
		"refused":                  {saving, true, both, 1, refusedXAUTH, false},
		"given up before it is up": {saving, true, both, 1, func(n *status.Snapshot) { n.State = status.ConnectRequired }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			writeProfile(t, s.dir, "office", c.text)
			cl := s.client(t, alice)
			_, err := cl.Up(t.Context(), ipc.Up{Profile: "office"})
			must(t, err)
			for range c.rounds {
				s.set(func(n *status.Snapshot) {
					n.State, n.Prompt = status.XAuthRequired, &status.Prompt{ID: "q1", Fields: c.fields}
				})
				answer := ipc.Answer{ID: "q1", Remember: c.remember, Fields: ipc.Fields{}}
				for _, f := range c.fields {
					answer.Fields[f.Name] = typed(f)
				}
				_, err = cl.Answer(t.Context(), answer)
				must(t, err)
			}
			s.set(c.end)
			s.settled()
			if got := s.remembered(t, alice); got != c.kept {
				t.Errorf("kept: %v, want %v", got, c.kept)
			}
			if s.remembered(t, bob) || s.remembered(t, root) {
				t.Error("another user has it")
			}
		})
	}
}

// TestForgetPassword: what was kept is used at the next connect, and forgotten when the gateway refuses it or allows it
// no more.
func TestForgetPassword(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*status.Snapshot)
		kept bool
	}{"accepted": {upAllowing(true), true}, "not allowed any more": {upAllowing(false), false}, "refused": {refusedXAUTH, false}} {
		s := serve(t)
		writeProfile(t, s.dir, "office", named("office")+"[xauth]\nsave = true\n")
		must(t, s.api.store.secrets.put(secretKey{"office", xauthPassword, alice.User}, sealed{For: "till", Value: []byte(canary)}))
		_, err := s.client(t, alice).Up(t.Context(), ipc.Up{Profile: "office"})
		must(t, err)
		if s.profile.XAUTH.Username != "till" || s.profile.XAUTH.Password != profile.Secret(canary) {
			t.Errorf("%s: what was kept is not used", name)
		}
		s.set(c.end)
		s.settled()
		if got := s.remembered(t, alice); got != c.kept {
			t.Errorf("%s: kept: %v, want %v", name, got, c.kept)
		}
	}
}

func typed(f status.PromptField) string {
	if f.Hidden {
		return canary
	}
	return "till"
}

func upAllowing(save bool) func(*status.Snapshot) {
	return func(n *status.Snapshot) {
		n.State, n.Prompt, n.Network = status.Active, nil, &status.Network{SavePassword: save}
	}
}

func refusedXAUTH(n *status.Snapshot) {
	n.State, n.Prompt = status.Blocked, nil
	n.Diagnosis = &status.Diagnosis{Cause: "xauth-refused", Time: n.Time.Add(1)}
}

// settled waits until nobody watches for the end of the attempt any more.
func (s *served) settled() {
	for left := 1; left > 0; { // ends when the watcher has decided, or the test's time is up
		s.fakeSession.mu.Lock()
		left = len(s.watchers)
		s.fakeSession.mu.Unlock()
	}
}

// remembered says whether the next connect of this user would have the password.
func (s *served) remembered(t *testing.T, c ipc.Caller) bool {
	t.Helper()
	p, err := s.api.store.load("office", c.User)
	must(t, err)
	return p.XAUTH.Password == profile.Secret(canary)
}

//go:build linux || darwin

package service

import (
	"fmt"
	"sync"
	"testing"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// TestFirstAnswerWins: a tray, a terminal and a script of the session's owner, and one who may not, answer at once.
// Whoever is first is taken; the others are told that nothing is asked; and every stream shows the question gone.
func TestFirstAnswerWins(t *testing.T) {
	s := serve(t)
	for round := range 50 {
		id := fmt.Sprintf("q%d", round)
		s.set(func(n *status.Snapshot) {
			n.State, n.Owner = status.XAuthRequired, alice.Label()
			n.Prompt = &status.Prompt{ID: id, Fields: []status.PromptField{{Name: "password", Hidden: true}}}
		})
		watcher := s.client(t, alice)
		stream, err := watcher.Watch(t.Context())
		must(t, err)
		if snap, err := stream.Next(); err != nil || snap.Prompt == nil || snap.Prompt.ID != id {
			t.Fatalf("the question is not shown: %+v, %v", snap.Prompt, err)
		}
		clients := []*ipc.Client{s.client(t, bob), s.client(t, alice), s.client(t, alice), s.client(t, root)}
		codes := make([]string, len(clients))
		var all sync.WaitGroup
		for i, cl := range clients {
			all.Go(func() {
				_, err := cl.Answer(t.Context(), ipc.Answer{ID: id, Fields: ipc.Fields{"password": fmt.Sprint(i)}})
				codes[i] = code(err)
			})
		}
		all.Wait()
		taken := 0
		for i, c := range codes {
			switch {
			case i == 0 && c == ipc.NotOwner, i > 0 && c == ipc.NoPrompt:
			case i > 0 && c == code(nil):
				taken++
			default:
				t.Errorf("answer %d of round %d: %s", i, round, c)
			}
		}
		if taken != 1 {
			t.Errorf("round %d: %d answers were taken", round, taken)
		}
		if snap, err := stream.Next(); err != nil || snap.Prompt != nil {
			t.Errorf("round %d: the question is still shown: %+v, %v", round, snap.Prompt, err)
		}
		stream.Close()
		watcher.Close()
		for _, cl := range clients {
			cl.Close()
		}
	}
}

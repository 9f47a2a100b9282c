//go:build linux || darwin

package ipc

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestVersions: an old command with a new service, and the reverse. Each says what is older, and nothing else is asked.
func TestVersions(t *testing.T) {
	for api, want := range map[int]string{API + 1: "the command is older", API - 1: "the service is older"} {
		var asked []string
		_, address := start(t, Identify, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path)
			Reply(w, Version{API: api, Daemon: "another"})
		}))
		cl := NewClient(address)
		defer cl.Close()
		_, err := cl.Up(t.Context(), Up{Profile: "office", Answers: Fields{"password": "x"}})
		if codeOf(err) != VersionMismatch || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "; update ") {
			t.Errorf("a service of version %d: %v", api, err)
		}
		if !slices.Equal(asked, []string{PathVersion}) {
			t.Errorf("asked %v", asked)
		}
		if e := mismatch(fmt.Sprint(API), fmt.Sprint(api)); err.Error() != e.Error() {
			t.Errorf("the ends disagree: %v and %v", err, e)
		}
	}
}

// TestVersionOfTheCaller: the service finds the difference too, and says it with the same words: a tray that was
// started before the service was updated, or the reverse, or something else that knows the socket.
func TestVersionOfTheCaller(t *testing.T) {
	for caller, want := range map[string]string{"0": "the command is older", "2": "the service is older",
		"": "does not say", "1.0": "does not say", "-1": "does not say", "99999999999999999999": "does not say",
		"\x1b[2J": "does not say"} {
		e := mismatch(caller, "1")
		if e.Code != VersionMismatch || !strings.Contains(e.Sentence, want) || e.Next == "" || strings.Contains(e.Sentence, "\x1b") {
			t.Errorf("%q: %v", caller, e)
		}
	}
	_, address := start(t, Identify, echo)
	for _, caller := range []string{"0", "2", "+1", "01", "1 "} {
		want := VersionMismatch
		if caller == "1 " {
			want = "" // HTTP trims it
		}
		if got := exchange(t, address, "GET /v1/status HTTP/1.1\r\nHost: ezvpn\r\nEzvpn-Api: "+caller+"\r\n\r\n"); got != want {
			t.Errorf("%q: %q", caller, got)
		}
	}
}

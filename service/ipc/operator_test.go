//go:build linux || darwin

package ipc

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestPatterns(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "invalid AddrPort <nil>",
		"192.0.2.1":             "192.0.2.1:0 <nil>",
		"192.0.2.1:4500":        "192.0.2.1:4500 <nil>",
		"::ffff:192.0.2.1":      "192.0.2.1:0 <nil>",
		"[2001:db8::1]:500":     "[2001:db8::1]:500 <nil>",
		"2001:db8::1":           "[2001:db8::1]:0 <nil>",
		"192.0.2.1:65535":       "192.0.2.1:65535 <nil>",
		"192.0.2.1:0":           `invalid AddrPort remote: "192.0.2.1:0" has port 0; leave the port out to match every port`,
		"192.0.2.1:65536":       `invalid AddrPort remote: "192.0.2.1:65536" is neither IP nor IP:PORT, such as 192.0.2.1 or 192.0.2.1:4500`,
		"192.0.2.1:":            `invalid AddrPort remote: "192.0.2.1:" is neither IP nor IP:PORT, such as 192.0.2.1 or 192.0.2.1:4500`,
		"vpn.example.com:500":   `invalid AddrPort remote: "vpn.example.com:500" is neither IP nor IP:PORT, such as 192.0.2.1 or 192.0.2.1:4500`,
		"192.0.2.1\n":           `invalid AddrPort remote: "192.0.2.1\n" is neither IP nor IP:PORT, such as 192.0.2.1 or 192.0.2.1:4500`,
		"0.0.0.0":               `invalid AddrPort remote: "0.0.0.0" is no address of a tunnel's end; leave it out to match every address`,
		"fe80::1%eth0":          `invalid AddrPort remote: "fe80::1%eth0" is no address of a tunnel's end; leave it out to match every address`,
		"[fe80::1%25eth0]:4500": `invalid AddrPort remote: "[fe80::1%25eth0]:4500" is no address of a tunnel's end; leave it out to match every address`,
	} {
		_, got, err := Clear{Remote: in}.Patterns()
		if got := fmt.Sprint(got, " ", err); got != want {
			t.Errorf("%q: %s\nwant %s", in, got, want)
		}
	}
	if local, remote, err := (Clear{Local: "192.0.2.1:1", Remote: "192.0.2.2:2"}).Patterns(); err != nil || local.Port() != 1 || remote.Port() != 2 {
		t.Errorf("%v, %v, %v", local, remote, err)
	}
}

// TestDebugStreamEnds: the end of what was asked for, a refusal in the stream, and a daemon that goes away in the
// middle of a line are three things.
func TestDebugStreamEnds(t *testing.T) {
	const first = `{"serial":1,"time":"2026-03-25T15:17:00Z","text":"a"}` + "\n"
	var body string
	_, address := start(t, Identify, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == PathVersion:
			Reply(w, Version{API: API})
		case body == "abort":
			io.WriteString(w, first+first[:20])
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		default:
			io.WriteString(w, first+body)
		}
	}))
	for in, want := range map[string]string{
		"": "EOF",
		`{"error":{"code":"not-owner","sentence":"no"}}`: NotOwner,
		"abort":               Unreachable,
		first[:20]:            Unreachable,
		"hello\n":             BadReply,
		`{"serial":"x"}`:      BadReply,
		`{"serial":-1}`:       BadReply,
		`{"serial":2}` + "\n": "",
	} {
		cl := NewClient(address)
		body = in
		stream, err := cl.Debug(t.Context(), Debug{})
		if err != nil {
			t.Fatal(err)
		}
		if l, err := stream.Next(); err != nil || l.Text != "a" {
			t.Errorf("%q: first %+v, %v", in, l, err)
		}
		_, err = stream.Next()
		got := codeOf(err)
		if err == io.EOF {
			got = "EOF"
		}
		if got != want {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
		stream.Close()
		cl.Close()
	}
}

// FuzzOperator: whatever a body of clear or debug says, it is refused with a sentence, or means an address, or a
// moment that is not after the present unless it was named.
func FuzzOperator(f *testing.F) {
	for _, s := range []string{`{"local":"192.0.2.1","remote":"[2001:db8::1]:500"}`, `{"remote":"fe80::1%eth0"}`, `{"since_seconds":600,"follow":true}`,
		`{"since":"2026-03-25T15:47:00Z"}`, `{"since_seconds":9223372036854775807}`, `{"since_seconds":-1}`, `{"since":"\u0000"}`} {
		f.Add([]byte(s))
	}
	now := time.Date(2026, 3, 25, 15, 47, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		var c Clear
		if readBody(body, &c) == nil {
			local, remote, err := c.Patterns()
			if err == nil && (c.Local != "") != local.IsValid() || err == nil && (c.Remote != "") != remote.IsValid() {
				t.Fatalf("%s means %v and %v", body, local, remote)
			}
			if err != nil && len(err.Error()) > 600 {
				t.Fatalf("refused with %d octets", len(err.Error()))
			}
		}
		var d Debug
		if readBody(body, &d) == nil {
			since, err := d.From(now)
			if err == nil && d.Since == "" && (since.After(now) || now.Sub(since) != time.Duration(d.SinceSeconds)*time.Second) {
				t.Fatalf("%s means %v", body, since)
			}
		}
	})
}

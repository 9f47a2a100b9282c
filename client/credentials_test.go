package client

import (
	"testing"

	"ezvpn/client/profile"
	"ezvpn/ike"
)

func fields(names ...string) (out []ike.XAUTHField) {
	for _, n := range names {
		out = append(out, ike.XAUTHField{Name: n})
	}
	return out
}

func TestKnown(t *testing.T) {
	type answers = map[string]profile.Secret
	base := credentials{user: "alice", domain: "CORP"}
	tests := []struct {
		name    string
		c       credentials
		asked   []string
		have    map[string]string
		missing []string
	}{
		{"nothing stored", base, []string{"username", "password"}, map[string]string{"username": "alice"}, []string{"password"}},
		{"no user either", credentials{}, []string{"username", "password"}, nil, []string{"username", "password"}},
		{"a domain may be empty", credentials{}, []string{"domain"}, map[string]string{"domain": ""}, nil},
		{"of the profile", credentials{user: "alice", password: "pw"}, []string{"username", "password", "domain"}, map[string]string{"username": "alice", "password": "pw", "domain": ""}, nil},
		{"of connect before that of the profile", credentials{user: "alice", password: "pw", once: answers{"password": "now", "username": "bob"}},
			[]string{"username", "password"}, map[string]string{"username": "bob", "password": "now"}, nil},
		{"already sent in this attempt", credentials{user: "alice", password: "pw", sent: true}, []string{"username", "password"}, map[string]string{"username": "alice"}, []string{"password"}},
		{"typed and allowed to be kept", credentials{password: "old", typed: "new", keep: true}, []string{"password"}, map[string]string{"password": "new"}, nil},
		{"typed but not allowed", credentials{typed: "new"}, []string{"password"}, nil, []string{"password"}},
		{"a code is never known", credentials{user: "alice", password: "pw", typed: "pw", keep: true}, []string{"passcode", "challenge", "next-pin", "answer"}, nil, []string{"passcode", "challenge", "next-pin", "answer"}},
		{"a code of connect", credentials{once: answers{"passcode": "123456"}}, []string{"passcode"}, map[string]string{"passcode": "123456"}, nil},
	}
	for _, tt := range tests {
		have, missing, _ := tt.c.known(fields(tt.asked...))
		if len(have) != len(tt.have) || len(missing) != len(tt.missing) {
			t.Errorf("%s: have %d, missing %v", tt.name, len(have), missing)
			continue
		}
		for n, v := range tt.have {
			if got, ok := have[n]; !ok || string(got) != v {
				t.Errorf("%s: %s is not what it should be", tt.name, n)
			}
		}
		for i, n := range tt.missing {
			if missing[i].Name != n {
				t.Errorf("%s: missing %v", tt.name, missing)
			}
		}
	}
}

// An answer that came with connect is used once, and the map of the caller stays as it is.
func TestOnce(t *testing.T) {
	given := map[string]profile.Secret{"password": "now"}
	c := newCredentials(testProfile("auto", gw1), given)
	have, _, after := c.known(fields("password"))
	if string(have["password"]) != "now" {
		t.Error("not used at all")
	}
	if _, missing, _ := after.known(fields("password")); len(missing) != 1 {
		t.Error("used twice")
	}
	if have, _, _ := c.known(fields("password")); string(have["password"]) != "now" || len(given) != 1 {
		t.Error("an old value, or the caller's map, was changed")
	}
}

// What somebody typed lives as long as the gateway allows it, and until it is refused; a code of a later round never.
func TestTyped(t *testing.T) {
	asks := fields("password")
	typed := credentials{}.answered(1, map[string]profile.Secret{"username": "bob", "password": "pw"})
	kept := typed.allowed(true).attempt()
	if have, _, _ := kept.known(asks); string(have["password"]) != "pw" || kept.user != "bob" {
		t.Error("not kept although it is allowed")
	}
	for name, c := range map[string]credentials{"not allowed": typed.allowed(false), "not said": typed, "refused": kept.refused()} {
		if _, missing, _ := c.known(asks); len(missing) != 1 {
			t.Errorf("%s: still known", name)
		}
	}
	if c := typed.allowed(false); c.typed != "" {
		t.Error("a password that may not be kept stays in memory")
	}
	code := kept.answered(2, map[string]profile.Secret{"password": "123456"})
	if have, _, _ := code.known(asks); string(have["password"]) != "pw" {
		t.Error("a code of the second round took the place of the password")
	}
}

func TestPromptFields(t *testing.T) {
	got := promptFields([]ike.XAUTHField{{Name: "password", Hidden: true}, {Name: "next-pin", Hidden: true, Text: "4 to 8\r\ndigits\x1b[2J"}, {Name: "odd"}})
	if len(got) != 3 || got[0].Label != "Password" || !got[0].Hidden || got[1].Text != "4 to 8 digits[2J" || got[2].Label != "odd" {
		t.Errorf("%+v", got)
	}
}

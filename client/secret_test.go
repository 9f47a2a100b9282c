package client

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
)

// secretsOf are the secrets of a session in these tests.
var secretsOf = []string{"group-secret", "alice-pw", "enc-key-bytes"}

// Whatever is printed, in whatever form, has no secret in it.
func TestNothingPrintsASecret(t *testing.T) {
	p := stored("auto", gw1)
	answers := map[string]profile.Secret{"password": "alice-pw"}
	keys := ike.SPIKeys{SPI: 1, Enc: ike.Secret("enc-key-bytes"), Auth: ike.Secret("enc-key-bytes")}
	sa := ike.SAUp{SA: ike.IPsecSA{In: keys, Out: keys}}
	m, _ := newMachine(t0).step(t0, evConnect{profile: p, options: ConnectOptions{Answers: answers}})
	m, _ = m.step(t0, secured)
	asked, _ := m.step(t0, evIKE{ike.AskXAUTH{Round: 1, Fields: []ike.XAUTHField{{Name: "passcode"}, {Name: "password"}}}})
	if asked.prompt == nil || asked.prompt.have["password"] == nil {
		t.Fatal("the prompt should hold the password that is known")
	}
	m, _ = m.step(t0, evIKE{sa})
	all := []any{m, &m, asked, asked.prompt, m.creds, evConnect{profile: p, options: ConnectOptions{Answers: answers}}, ConnectOptions{Answers: answers}, *p, p,
		evAnswer{fields: answers}, evIKE{sa}, actAnswer{1, ike.XAUTHAnswer{Fields: map[string]ike.Secret{"password": ike.Secret("alice-pw")}}},
		actInstall{1, sa.SA}, actDial{profile: p}, m.sas, []action{actInstall{1, sa.SA}}}
	for _, x := range all {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			got := fmt.Sprintf(verb, x)
			for _, s := range secretsOf {
				if strings.Contains(got, s) || strings.Contains(got, fmt.Sprintf("%x", s)) || strings.Contains(got, strings.Trim(fmt.Sprint([]byte(s)), "[]")) {
					t.Errorf("%s of %T shows %s", verb, x, s)
				}
			}
		}
	}
	for _, m := range []machine{m, asked} {
		b, err := json.Marshal(snapshotOf(t0, m, counters{}))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secretsOf {
			if strings.Contains(string(b), s) {
				t.Errorf("%s in %s", s, b)
			}
		}
	}
}

// The keys of an IPsec SA go to the data path and are not kept.
func TestMachineKeepsNoKeys(t *testing.T) {
	keys := ike.SPIKeys{SPI: 1, Enc: ike.Secret("enc-key-bytes"), Auth: ike.Secret("enc-key-bytes")}
	m := newMachine(t0).withSA(ike.IPsecSA{In: keys, Out: keys})
	if sa := m.sas[0]; sa.In.Enc != nil || sa.In.Auth != nil || sa.Out.Enc != nil || sa.Out.Auth != nil {
		t.Error("keys stay in the machine")
	}
}

// After the end nothing that was typed or stored is left.
func TestNothingIsKeptAfterTheEnd(t *testing.T) {
	m, _ := play(t, newMachine(t0), append(up(connectTo("manual", gw1)), evDisconnect{}, evTornDown{})...)
	c := m.creds
	if m.state != status.ConnectRequired || c.password != "" || c.typed != "" || c.user != "" || len(c.once) != 0 || m.prompt != nil {
		t.Errorf("left over: password %t, typed %t, user %q", c.password != "", c.typed != "", c.user)
	}
}

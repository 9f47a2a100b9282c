package profile

import "testing"

// TestFields: what four fields make is a whole profile, whatever stands in them; what cannot be one is refused, and adds
// no key of its own.
func TestFields(t *testing.T) {
	f := Fields{Name: "office", Gateway: "vpn.example.com, 192.0.2.1:4500", Group: `st"a\ff`, Key: `k"e\y`, User: "alice", Preset: "fritzbox"}
	text, err := f.TOML()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse("office.toml", []byte(text))
	if err != nil || len(p.Peers) != 2 || p.Peers[1].Port != 4500 || p.Group.Name != `st"a\ff` || p.Group.Key != `k"e\y` || p.XAUTH.Username != "alice" || p.Preset != "fritzbox" {
		t.Errorf("%+v %v", p, err)
	}
	for _, bad := range []Fields{{}, {Name: "x", Gateway: "192.0.2.1", Group: "g"}, {Name: "x", Gateway: "not a host", Group: "g", Key: "k"},
		{Name: "x", Gateway: "192.0.2.1", Group: "g\"\nconnect = \"auto", Key: "k"}, {Name: "x", Gateway: "192.0.2.1", Group: "g", Key: "k\nb"},
		{Name: "../x", Gateway: "192.0.2.1", Group: "g", Key: "k"}, {Name: "x", Gateway: "192.0.2.1", Group: "g", Key: "k", Preset: "nosuch"}} {
		if text, err := bad.TOML(); err == nil {
			t.Errorf("%+v became %q", bad, text)
		}
	}
}

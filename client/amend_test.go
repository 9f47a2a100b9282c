package client

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
)

// amendable is a profile as a file has it, and amendments are a change of each of its keys.
const amendable = `name = "office"
connect = "auto"
peers = ["` + gw1 + `", "` + gw2 + `"]
[group]
name = "ezgroup"
key = "group-secret"
[xauth]
username = "alice"
password = "alice-pw"
`

var amendments = map[string]string{
	"connect": "manual", "idle_timeout": "", "mode": "network-extension-plus", "peers": gw1 + "," + gw3, "preset": "strongswan",
	"accept_backup_servers": "false", "group.name": "others", "group.id_type": "fqdn", "group.key": "another-group-key", "group.key_file": "",
	"xauth.username": "bob", "xauth.password": "another", "xauth.save": "true", "xauth.domain": "example",
	"dpd.interval": "30", "dpd.retry": "5", "dpd.mode": "periodic",
	"ike.proposals": "aes128-sha1-modp1536", "ike.exchange": "", "ike.lifetime": "4000", "ike.fragmentation": "false",
	"ike.local_port": "4600", "ike.app_version": "other", "ike.peer_id": gw1,
	"esp.proposals": "aes128gcm16", "esp.pfs": "modp2048", "esp.lifetime": "600", "esp.per_network": "true",
	"inside.networks": "", "nat.mode": "drafts", "nat.keepalive": "60",
	"routes.local_lan": "true", "routes.exclude": "10.20.9.0/24", "routes.metric": "50", "dns.mode": "off",
	"primary.return": "true", "primary.hold": "90", "security.allow": "3des", "name": "",
}

func amendableProfile(t testing.TB, text string) *profile.Profile {
	t.Helper()
	e, err := profile.Compose("office", profile.Layer{Kind: profile.Machine, File: "office.toml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return e.Profile
}

// Each key does to a live tunnel what its documentation says: the tunnel stays as it is, or there is another one.
func TestAmendmentDoesWhatItSays(t *testing.T) {
	e, err := profile.Compose("office", profile.Layer{Kind: profile.Machine, File: "office.toml", Data: []byte(amendable)})
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range e.Settings() {
		value, known := amendments[setting.Path]
		if !known {
			t.Errorf("%s: no change of it is tried", setting.Path)
		}
		if value == "" {
			continue // cannot be changed alone
		}
		text := []byte(amendable)
		if setting.Path == "mode" {
			text = append(text, "[inside]\nnetworks = [\"192.168.77.0/24\"]\n"...)
		}
		if strings.HasPrefix(setting.Path, "dpd.") && setting.Path != "dpd.interval" {
			text = append(text, "[dpd]\ninterval = 10\n"...)
		}
		changed, err := profile.Set("office.toml", text, setting.Path, value)
		if err != nil {
			t.Fatal(err)
		}
		amendTo(t, setting.Path, amendableProfile(t, string(changed)))
	}
}

func amendTo(t *testing.T, path string, to *profile.Profile) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		before := l.up(amendableProfile(t, amendable))
		impact, err := l.c.SetProfile(to)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		time.Sleep(3 * time.Second)
		after := l.c.Snapshot()
		stays := after.State == status.Active && after.ISAKMP != nil && after.ISAKMP.Cookies == before.ISAKMP.Cookies &&
			len(after.IPsec) == 1 && after.IPsec[0].InSPI == before.IPsec[0].InSPI
		if stays != (impact != profile.Reconnect) {
			t.Errorf("%s: the change is said to be %q, and that the tunnel stays is %v (state %s)", path, impact, stays, after.State)
		}
		if !slices.ContainsFunc(after.Events, func(e status.Event) bool {
			return strings.Contains(e.Text, "the profile changed (") && strings.Contains(e.Text, path)
		}) {
			t.Errorf("%s: the timeline does not tell of it", path)
		}
	})
}

func TestAmendedDPDIsInForce(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.serve(gw2, nil)
		l.up(amendableProfile(t, amendable+"[dpd]\ninterval = 3600\nmode = \"periodic\"\n"))
		if _, err := l.c.SetProfile(amendableProfile(t, amendable+"[dpd]\ninterval = 10\nretry = 3\nmode = \"periodic\"\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		l.wire.Cut(netip.MustParseAddr(gw1), true)
		began := time.Now()
		l.until(time.Minute, "with the second gateway", func(s status.Snapshot) bool { return s.State == status.Active && s.Peers[1].Health == "active" })
		// 10 s of silence at most, then five questions 3 s apart: the answer is known by the profile alone.
		if took := time.Since(began); took < 15*time.Second || took > 26*time.Second {
			t.Errorf("the dead peer was noticed after %v", took)
		}
	})
}

// The gateway in use may stand elsewhere in the list; where it is gone from it, another one is used.
func TestAmendedPeers(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		l.serve(gw3, nil)
		first := l.up(amendableProfile(t, amendable))
		moved := strings.Replace(amendable, `"`+gw1+`", "`+gw2+`"`, `"`+gw3+`", "`+gw1+`"`, 1)
		if impact, err := l.c.SetProfile(amendableProfile(t, moved)); impact != profile.Live || err != nil {
			t.Errorf("moved: %s, %v", impact, err)
		}
		time.Sleep(time.Second)
		s := l.c.Snapshot()
		if s.State != status.Active || s.ISAKMP.Cookies != first.ISAKMP.Cookies || s.Peers[0].Name != gw3 || s.Peers[1].Health != "active" {
			t.Errorf("after the move: %s, %+v", s.State, s.Peers)
		}
		gone := strings.Replace(amendable, `"`+gw1+`", "`+gw2+`"`, `"`+gw3+`"`, 1)
		if impact, err := l.c.SetProfile(amendableProfile(t, gone)); impact != profile.Reconnect || err != nil {
			t.Errorf("gone: %s, %v", impact, err)
		}
		l.until(10*time.Second, "with the third gateway", func(s status.Snapshot) bool {
			return s.State == status.Active && len(s.Peers) == 1 && s.Peers[0].Health == "active"
		})
	})
}

// A list that the gateway pushed stays for its session, but not with a gateway that was taken out of the profile.
func TestAmendedPeersUnderAPushedList(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, func(p *gateway.Policy) { p.Net.BackupSaid, p.Net.BackupServers = true, []string{gw4} })
		l.serve(gw3, nil)
		first := l.up(amendableProfile(t, amendable))
		both := strings.Replace(amendable, `"`+gw2+`"`, `"`+gw3+`"`, 1)
		if impact, err := l.c.SetProfile(amendableProfile(t, both)); impact != profile.Live || err != nil {
			t.Errorf("another one added: %s, %v", impact, err)
		}
		time.Sleep(time.Second)
		if s := l.c.Snapshot(); s.ISAKMP.Cookies != first.ISAKMP.Cookies || s.Peers[1].Name != gw4 {
			t.Errorf("%+v", s.Peers)
		}
		gone := strings.Replace(amendable, `"`+gw1+`", "`+gw2+`"`, `"`+gw3+`"`, 1)
		if impact, err := l.c.SetProfile(amendableProfile(t, gone)); impact != profile.Reconnect || err != nil {
			t.Errorf("the one in use taken out: %s, %v", impact, err)
		}
		l.until(10*time.Second, "with the third gateway", func(s status.Snapshot) bool {
			return s.State == status.Active && len(s.Peers) == 1 && s.Peers[0].Name == gw3
		})
	})
}

// A profile that is mended while the session waits is tried at once.
func TestAmendedWhileWaiting(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw3, nil)
		l.connect(amendableProfile(t, amendable))
		l.state(3*time.Minute, status.Waiting)
		if _, err := l.c.SetProfile(amendableProfile(t, strings.Replace(amendable, gw1, gw3, 1))); err != nil {
			t.Fatal(err)
		}
		l.state(2*time.Second, status.Active)
	})
}

func TestAmendNeedsASession(t *testing.T) {
	inLab(t, func(l *lab) {
		l.serve(gw1, nil)
		p := amendableProfile(t, amendable)
		if _, err := l.c.SetProfile(p); err != ErrNoSession {
			t.Errorf("without a session: %v", err)
		}
		l.up(p)
		other := p.Clone()
		other.Name = "other"
		if _, err := l.c.SetProfile(other); err != ErrNoSession {
			t.Errorf("with another profile's session: %v", err)
		}
		if _, err := l.c.SetProfile(nil); err == nil {
			t.Error("no profile")
		}
	})
}

// What needs a new tunnel is in force in it.
func TestReconnectPutsInForce(t *testing.T) {
	for path, c := range map[string]struct {
		value string
		holds func(status.Snapshot) bool
	}{
		"ike.local_port": {"4600", func(s status.Snapshot) bool { return strings.HasSuffix(s.ISAKMP.Local, ":4600") }},
		"esp.pfs":        {"modp2048", func(s status.Snapshot) bool { return s.IPsec[0].PFS != "" }},
		"nat.mode":       {"drafts", func(s status.Snapshot) bool { return !slices.Contains(s.ISAKMP.Vendors, "NAT-T RFC 3947") }},
		"peers":          {gw3, func(s status.Snapshot) bool { return strings.HasPrefix(s.ISAKMP.Remote, gw3+":") }},
	} {
		inLab(t, func(l *lab) {
			l.serve(gw1, nil)
			l.serve(gw3, nil)
			before := l.up(amendableProfile(t, amendable))
			if c.holds(before) {
				t.Fatalf("%s is %s already: %+v", path, c.value, before.ISAKMP)
			}
			changed, err := profile.Set("office.toml", []byte(amendable), path, c.value)
			if err != nil {
				t.Fatal(err)
			}
			if impact, err := l.c.SetProfile(amendableProfile(t, string(changed))); impact != profile.Reconnect || err != nil {
				t.Fatalf("%s: %s, %v", path, impact, err)
			}
			l.until(20*time.Second, path+" in force", func(s status.Snapshot) bool {
				return s.State == status.Active && s.ISAKMP != nil && s.ISAKMP.Cookies != before.ISAKMP.Cookies && len(s.IPsec) > 0 && c.holds(s)
			})
			if back := l.pings(3, 100*time.Millisecond); back != 3 {
				t.Errorf("%s: %d of 3 packets came back", path, back)
			}
		})
	}
}

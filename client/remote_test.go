package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ezvpn/client"
	"ezvpn/client/gateway"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike"
)

func TestSession(t *testing.T) {
	inWorld(t, 1, nil, func(w *world) {
		p := w.profile("manual", gw1)
		p.XAUTH.Password = ""
		w.connect(p)
		if err := w.client.Connect(p, client.ConnectOptions{}); !errors.Is(err, client.ErrBusy) {
			t.Errorf("a second connect: %v", err)
		}
		s := w.wait(time.Second, is(status.XAuthRequired))
		if err := w.client.Answer("q0", nil, false); !errors.Is(err, client.ErrNoPrompt) {
			t.Errorf("an answer to nothing: %v", err)
		}
		if err := w.client.Answer(s.Prompt.ID, map[string]profile.Secret{"password": "alice-pw"}, false); err != nil {
			t.Fatal(err)
		}
		s = w.wait(time.Second, is(status.Active))
		n := s.Network
		if s.Profile != "office" || s.Owner != "alice" || n == nil || n.Interface != "cable0" || n.Address.String() != "10.99.1.2" ||
			len(n.Include) != 1 || n.Include[0].String() != "10.20.0.0/16" || n.DNS[0].String() != "10.20.0.53" || n.Domain != "corp.example" {
			t.Errorf("%+v, network %+v", s, n)
		}
		if s.ISAKMP == nil || s.ISAKMP.NAT != "local" || !s.ISAKMP.NATT || len(s.IPsec) != 1 || s.IPsec[0].Encryption != "AES-GCM-16-128" ||
			!s.IPsec[0].Expires.After(s.Time) || s.DPD.Mode != "on-demand" || s.DPD.Interval != 10 || s.Security.Grade != "weak" {
			t.Errorf("ISAKMP %+v, IPsec %+v, DPD %+v", s.ISAKMP, s.IPsec, s.DPD)
		}
		if !strings.Contains(s.Banner, "Welcome to gw1") || s.Peers[0].Health != "active" {
			t.Errorf("banner %q, peers %+v", s.Banner, s.Peers)
		}
		if !passes(w.device, w.insides[0], packet("10.99.1.2", "10.20.0.10", 1)) || !passes(w.insides[0], w.device, packet("10.20.0.10", "10.99.1.2", 2)) {
			t.Error("packets do not pass")
		}
		if passes(w.device, w.insides[0], packet("10.99.1.9", "10.20.0.10", 3)) {
			t.Error("a packet from an address that is not ours passed")
		}
		s = w.client.Snapshot()
		if s.Traffic.OutPackets != 1 || s.Traffic.InPackets != 1 || s.Traffic.Drops["no-sa"] != 1 || s.IPsec[0].OutBytes != 40 {
			t.Errorf("traffic %+v", s.Traffic)
		}
		b, err := json.Marshal(s)
		if err != nil || strings.Contains(string(b), "alice-pw") || strings.Contains(string(b), "group-secret") {
			t.Errorf("a secret in the snapshot (%v)", err)
		}
		if err := w.client.Disconnect(context.Background()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		time.Sleep(time.Second) // virtual: the Deletes arrive
		if left := w.gateways[0].Sessions(); len(left) != 0 {
			t.Errorf("the gateway still has %+v", left)
		}
		if w.set() || !w.device.closed() {
			t.Error("the machine was not put back")
		}
		if s := w.client.Snapshot(); s.State != status.ConnectRequired || s.Network != nil || s.ISAKMP != nil {
			t.Errorf("after disconnect: %+v", s)
		}
		w.connect(w.profile("manual", gw1))
		w.wait(time.Second, is(status.Active))
	})
}

// Each way to fail has its own cause, in bounded time, and the machine is as before.
func TestCauses(t *testing.T) {
	tests := []struct {
		name   string
		faults []gateway.Fault
		set    func(w *world, p *profile.Profile)
		cause  string
		state  status.State
		within time.Duration
	}{
		{name: "no answer", faults: []gateway.Fault{gateway.Silent}, cause: string(ike.NoAnswer), within: 31 * time.Second},
		{name: "wrong group key", set: func(_ *world, p *profile.Profile) { p.Group.Key = "guess" }, cause: string(ike.GroupKeyWrong), within: 3 * time.Second},
		{name: "a gateway that plays along", faults: []gateway.Fault{gateway.WrongGroupKey}, cause: string(ike.GroupKeyWrong), within: 3 * time.Second},
		{name: "unknown group", set: func(_ *world, p *profile.Profile) { p.Group.Name = "nobody" }, cause: string(ike.GroupRefused), within: 3 * time.Second},
		{name: "refused proposal", faults: []gateway.Fault{gateway.RefuseProposal}, cause: string(ike.ProposalRefused), within: 10 * time.Second},
		{name: "wrong password", set: func(_ *world, p *profile.Profile) { p.XAUTH.Password = "guess" }, cause: string(ike.XAUTHRefused), state: status.Blocked, within: 3 * time.Second},
		{name: "no address", faults: []gateway.Fault{gateway.PoolEmpty}, cause: string(ike.NoAddress), within: 3 * time.Second},
		{name: "silent after phase 1", faults: []gateway.Fault{gateway.SilentAfterPhase1}, cause: string(ike.ConfigTimeout), within: 61 * time.Second},
		{name: "silent after XAUTH", faults: []gateway.Fault{gateway.SilentAfterXAUTH}, cause: string(ike.ConfigTimeout), within: 61 * time.Second},
		{name: "silent after Mode Config", faults: []gateway.Fault{gateway.SilentAfterConfig}, cause: string(ike.SATimeout), within: 61 * time.Second},
		{name: "Quick Mode refused", faults: []gateway.Fault{gateway.RefuseQuickMode}, cause: string(ike.SARefused), within: 3 * time.Second},
		{name: "wider selectors", faults: []gateway.Fault{gateway.WidenSelector}, cause: string(ike.SARefused), within: 3 * time.Second},
		{name: "unknown name", set: func(_ *world, p *profile.Profile) { p.Peers[0].Host = "vpn.invalid" }, cause: "name-unknown", within: time.Second},
		{name: "no device", set: func(w *world, _ *profile.Profile) { w.fail = errors.New("no TUN") }, cause: "device-failed", state: status.Blocked, within: 3 * time.Second},
		{name: "no right to a device", set: func(w *world, _ *profile.Profile) { w.fail = fs.ErrPermission }, cause: "permission", state: status.Blocked, within: 3 * time.Second},
		// The fake refuses Revert too, which is what the user must know first.
		{name: "routes refused", set: func(w *world, _ *profile.Profile) { w.host.Fail(errors.New("busy")) }, cause: "revert-failed", state: status.Blocked, within: 3 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, 1, nil, func(w *world) {
				for _, f := range tt.faults {
					w.gateways[0].Break(f, true)
				}
				p := w.profile("manual", gw1)
				if tt.set != nil {
					tt.set(w, p)
				}
				w.connect(p)
				want := tt.state
				if want == "" {
					want = status.ConnectRequired
				}
				s := w.wait(tt.within, is(want))
				if s.Diagnosis == nil || s.Diagnosis.Cause != tt.cause || s.Diagnosis.Sentence == "" || s.Diagnosis.Next == "" {
					t.Errorf("diagnosis %+v, want %s", s.Diagnosis, tt.cause)
				}
				if tt.name != "routes refused" && w.set() {
					t.Error("the machine was not put back")
				}
			})
		})
	}
}

// A refused password is never sent again by itself, whatever connect says.
func TestRefusedPasswordIsNotRepeated(t *testing.T) {
	inWorld(t, 2, nil, func(w *world) {
		p := w.profile("auto", gw1, gw2)
		p.XAUTH.Password = "guess"
		w.connect(p)
		w.wait(3*time.Second, is(status.Blocked))
		time.Sleep(24 * time.Hour)
		if n := w.gateways[0].Attempts() + w.gateways[1].Attempts(); n != 1 {
			t.Errorf("%d attempts, want 1", n)
		}
	})
}

// connect = "auto" comes back by itself when the fault is gone.
func TestAutoComesBack(t *testing.T) {
	inWorld(t, 1, nil, func(w *world) {
		w.gateways[0].Break(gateway.Silent, true)
		w.connect(w.profile("auto", gw1))
		w.wait(time.Minute, is(status.Waiting))
		time.Sleep(time.Hour)
		w.gateways[0].Break(gateway.Silent, false)
		s := w.wait(10*time.Minute, is(status.Active))
		if s.Diagnosis != nil {
			t.Errorf("diagnosis %+v of a tunnel that is up", s.Diagnosis)
		}
	})
}

// A dead peer is noticed when the Cisco trace says; the next one carries the traffic, and the inside stays meanwhile.
func TestFailover(t *testing.T) {
	inWorld(t, 2, nil, func(w *world) {
		p := w.profile("auto", gw1, gw2)
		p.DPD.Mode = "periodic"
		w.connect(p)
		w.wait(time.Second, is(status.Active))
		began := time.Now()
		w.gateways[0].Break(gateway.Silent, true)
		w.wait(time.Minute, is(status.FailingOver))
		if took := time.Since(began); took < 19*time.Second || took > 21*time.Second {
			t.Errorf("dead after %v, want 10 s and five times 2 s", took)
		}
		s := w.wait(5*time.Second, is(status.Active))
		if s.Peers[1].Health != "active" || s.Peers[0].Health != "down" || s.Peers[0].Reason == "" {
			t.Errorf("peers %+v", s.Peers)
		}
		if w.opened != 1 || !w.set() {
			t.Errorf("%d devices were opened; the inside should stay", w.opened)
		}
		if !passes(w.device, w.insides[1], packet("10.99.1.2", "10.20.0.10", 9)) {
			t.Error("packets do not pass through the second gateway")
		}
	})
}

// On-demand DPD says nothing without traffic, and notices a dead peer with it.
func TestOnDemand(t *testing.T) {
	for _, early := range []bool{true, false} {
		inWorld(t, 2, nil, func(w *world) {
			w.connect(w.profile("auto", gw1, gw2))
			w.wait(time.Second, is(status.Active))
			w.gateways[0].Break(gateway.Silent, true)
			if !early {
				time.Sleep(6 * time.Minute)
				if s := w.client.Snapshot(); s.State != status.Active || s.DPD.Misses != 0 {
					t.Fatalf("state %s, %d misses without traffic", s.State, s.DPD.Misses)
				}
			}
			began := time.Now()
			w.device.toTunnel <- packet("10.99.1.2", "10.20.0.10", 1)
			w.wait(time.Minute, func(s status.Snapshot) bool { return s.State == status.Active && s.Peers[1].Health == "active" })
			want := 10 * time.Second // five misses, 2 s apart
			if early {
				want += 10 * time.Second // after ten seconds of silence
			}
			if took := time.Since(began); took < want-time.Second || took > want+2*time.Second {
				t.Errorf("early %v: failed over after %v, want about %v", early, took, want)
			}
		})
	}
}

// Close ends every state without a goroutine left; the bubble would not end otherwise.
func TestCloseAnywhere(t *testing.T) {
	for _, at := range []time.Duration{0, time.Millisecond, 15 * time.Millisecond, 25 * time.Millisecond, 45 * time.Millisecond, 65 * time.Millisecond,
		85 * time.Millisecond, 105 * time.Millisecond, 125 * time.Millisecond, time.Second} {
		inWorld(t, 1, nil, func(w *world) {
			w.connect(w.profile("auto", "vpn.example.com"))
			time.Sleep(at)
		})
	}
	inWorld(t, 1, nil, func(w *world) { // while it waits between tries, and while it asks
		w.gateways[0].Break(gateway.Silent, true)
		w.connect(w.profile("auto", gw1))
		w.wait(time.Minute, is(status.Waiting))
	})
	inWorld(t, 1, nil, func(w *world) {
		p := w.profile("auto", gw1)
		p.XAUTH.Password = ""
		w.connect(p)
		w.wait(time.Second, is(status.XAuthRequired))
	})
}

// Weather: loss, duplicates, reordering, delay, small datagrams.
func TestWeather(t *testing.T) {
	for seed := range uint64(30) {
		weather := gateway.Weather{Seed: seed + 1, Delay: 20 * time.Millisecond, Jitter: 200 * time.Millisecond, Loss: 0.1, Duplicate: 0.2}
		if seed%3 == 1 {
			weather = gateway.Weather{Seed: seed + 1, Delay: 900 * time.Millisecond}
		}
		inWorld(t, 1, nil, func(w *world) {
			w.wire.SetWeather(weather)
			w.connect(w.profile("auto", gw1))
			w.wait(3*time.Minute, is(status.Active))
		})
	}
}

// The gateway's further questions, pushes and rekeys.
func TestGatewayHabits(t *testing.T) {
	t.Run("pushes", func(t *testing.T) {
		inWorld(t, 1, func(_ int, p *gateway.Policy) { p.Push = true }, func(w *world) {
			w.connect(w.profile("manual", gw1))
			w.wait(time.Second, is(status.Active))
		})
	})
	t.Run("asks for a passcode", func(t *testing.T) {
		inWorld(t, 1, func(_ int, p *gateway.Policy) {
			p.Rounds = []gateway.Round{{Kind: 2, Fields: []ike.XAUTHField{{Name: "passcode"}}, Message: "Token\x1b[31m code?", Want: map[string]string{"passcode": "123456"}}}
		}, func(w *world) {
			w.connect(w.profile("manual", gw1))
			s := w.wait(time.Second, is(status.XAuthRequired))
			if s.Prompt.Fields[0].Name != "passcode" || !s.Prompt.Fields[0].Hidden || strings.Contains(s.Prompt.Message, "\x1b") {
				t.Errorf("prompt %+v", s.Prompt)
			}
			if err := w.client.Answer(s.Prompt.ID, map[string]profile.Secret{"passcode": "123456"}, false); err != nil {
				t.Fatal(err)
			}
			w.wait(time.Second, is(status.Active))
		})
	})
	t.Run("rekeys under traffic", func(t *testing.T) {
		inWorld(t, 1, nil, func(w *world) {
			w.connect(w.profile("manual", gw1))
			w.wait(time.Second, is(status.Active))
			for n := range byte(100) {
				if n == 10 || n == 50 {
					w.gateways[0].Rekey()
				}
				if !passes(w.device, w.insides[0], packet("10.99.1.2", "10.20.0.10", n)) || !passes(w.insides[0], w.device, packet("10.20.0.10", "10.99.1.2", n)) {
					t.Fatalf("packet %d was lost", n)
				}
			}
			time.Sleep(time.Minute)
			if s := w.client.Snapshot(); len(s.IPsec) != 1 {
				t.Errorf("%d IPsec SAs after two rekeys", len(s.IPsec))
			}
		})
	})
	t.Run("lives for days", func(t *testing.T) {
		inWorld(t, 1, nil, func(w *world) {
			w.connect(w.profile("auto", gw1))
			w.wait(time.Second, is(status.Active))
			for n := range byte(20) {
				time.Sleep(3 * time.Hour)
				w.wait(time.Minute, is(status.Active))
				if !passes(w.device, w.insides[0], packet("10.99.1.2", "10.20.0.10", n)) {
					t.Fatalf("no packet passes after %d hours", 3*(int(n)+1))
				}
			}
		})
	})
	t.Run("sends everybody away", func(t *testing.T) {
		for _, connect := range []string{"manual", "auto"} {
			inWorld(t, 1, nil, func(w *world) {
				w.connect(w.profile(connect, gw1))
				w.wait(time.Second, is(status.Active))
				w.gateways[0].Disconnect()
				if connect == "auto" {
					w.wait(time.Second, is(status.FailingOver))
					w.wait(10*time.Second, is(status.Active))
					return
				}
				if s := w.wait(time.Second, is(status.ConnectRequired)); s.Diagnosis == nil || s.Diagnosis.Cause != string(ike.PeerDeleted) {
					t.Errorf("%+v", s.Diagnosis)
				}
			})
		}
	})
}

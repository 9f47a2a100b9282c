package ike

import (
	"bytes"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

// TestDisclosesWhatWasRecorded: in the place of a recorded client, the key that is disclosed is the one in the
// recording, and each message in clear has the payloads that tshark saw.
func TestDisclosesWhatWasRecorded(t *testing.T) {
	for _, name := range []string{"01-vpnc-aggr-aes128-sha1", "02-swan-aggr-aes256-sha256", "04-swan-aggr-3des", "08-swan-pfs"} {
		t.Run(name, func(t *testing.T) {
			r := startReplay(t, name)
			r.take(r.conn.Disclose(true))
			r.run()
			keys, in := 0, 0
			for _, e := range r.all {
				d, ok := e.(Disclosed)
				switch {
				case !ok:
				case d.Key != nil:
					keys++
					if !bytes.Equal(d.Key, r.sa.Key) {
						t.Errorf("key %x, recorded %x", d.Key, r.sa.Key)
					}
				default:
					h, err := isakmp.ParseHeader(d.Message.Data)
					if err != nil || h.Flags&isakmp.Encrypted != 0 {
						t.Fatalf("%+v %v", h, err)
					}
					if _, _, err := isakmp.ParsePayloads(h.Next, d.Message.Data[isakmp.HeaderLen:]); err != nil {
						t.Error(err)
					}
					if bytes.Contains(d.Message.Data, []byte(r.c.Password)) {
						t.Error("the password is in clear")
					}
					if !d.Out {
						in++
					}
				}
			}
			if keys != 1 || in < 3 {
				t.Errorf("%d keys, %d messages", keys, in)
			}
		})
	}
}

// TestDisclosesNothingUnasked: without Disclose nothing comes, and after it was taken back neither.
func TestDisclosesNothingUnasked(t *testing.T) {
	for _, on := range []bool{false, true} {
		cfg := testConfig()
		cfg.Disclose = on
		p := newPair(t, cfg, testServer())
		p.drive(time.Minute)
		if err := p.connected(1); err != nil {
			t.Fatal(err)
		}
		got := find[Disclosed](p.client1)
		if (len(got) > 0) != on {
			t.Errorf("asked %v: %d", on, len(got))
		}
		before := len(p.client1)
		p.take(p.client.Disclose(false), true)
		p.take(p.client.Probe(p.now, 1), true)
		p.drive(time.Second)
		if n := len(find[Disclosed](p.client1[before:])); n > 0 {
			t.Errorf("%d after it was taken back", n)
		}
		p.take(p.client.Disclose(true), true)
		if got := find[Disclosed](p.client1[before:]); len(got) != 1 || got[0].Key == nil {
			t.Errorf("asked when it is up: %+v", got)
		}
	}
}

package keymat_test

import (
	"testing"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	. "ezvpn/ike/keymat"
)

// Main Mode message 5 of a client with the wrong pre-shared key, read with the gateway's keys: the recorded gateway
// found it malformed, and so do we. The client's own keys open it.
func TestWrongKeyIsSeen(t *testing.T) {
	c := capturetest.Load(t, "12e-fail-psk-swan-main")
	sa := c.ISAKMP[0]
	at := map[int]capturetest.Datagram{}
	for _, d := range c.Datagrams {
		at[d.Frame] = d
	}
	seen := false
	for _, m := range c.Messages {
		if m.Exchange != "main" || !m.Encrypted || m.Dir != "i->r" || m.Retransmission {
			continue
		}
		seen = true
		b, _ := at[m.Frames[0]].IKE()
		h, err := isakmp.ParseHeader(b)
		if err != nil {
			t.Fatal(err)
		}
		for key, good := range map[*capturetest.Keys]bool{&sa.Keys: false, sa.ClientKeys: true} {
			plain, err := AES.Decrypt(key.Key, sa.InitialIV, b[isakmp.HeaderLen:])
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := isakmp.ParsePayloads(h.Next, plain); good != (err == nil) {
				t.Errorf("client's keys %v: %v", good, err)
			}
		}
	}
	if !seen {
		t.Error("recording has no message 5")
	}
}

package doctor

import (
	"testing"
	"time"

	"ezvpn/client/profile"
	"ezvpn/ike/isakmp"
)

var cookie = isakmp.Cookie{1, 2, 3, 4, 5, 6, 7, 8}

// TestQuestion: RFC 2409 section 5 wants an SA payload alone, with no responder cookie and message ID 0.
func TestQuestion(t *testing.T) {
	b := Question(cookie, []profile.Phase1{{Cipher: 7, KeyBits: 256, Hash: 2, Group: 14}, {Cipher: 5, Hash: 1, Group: 2}})
	h, err := isakmp.ParseHeader(b)
	if err != nil || h.Initiator != cookie || !h.Responder.IsZero() || h.Exchange != isakmp.MainMode || h.MessageID != 0 || h.Flags != 0 {
		t.Fatalf("%+v %v", h, err)
	}
	payloads, _, err := isakmp.ParsePayloads(h.Next, b[isakmp.HeaderLen:])
	if err != nil || len(payloads) != 1 {
		t.Fatal(payloads, err)
	}
	sa := payloads[0].Payload.(isakmp.SA)
	if n := len(sa.Proposals[0].Transforms); n != 4 {
		t.Errorf("%d transforms for two proposals with and without XAUTH", n)
	}
	if _, ok := Read(cookie, b[:40]); ok {
		t.Error("a part is an answer")
	}
}

func answer(c isakmp.Cookie, x isakmp.ExchangeType, p ...isakmp.Payload) []byte {
	return isakmp.AppendMessage(nil, isakmp.Header{Initiator: c, Responder: isakmp.Cookie{9}, Exchange: x}, p...)
}

func TestRead(t *testing.T) {
	sa := isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly}
	dpd := isakmp.Vendor{Data: []byte{0xaf, 0xca, 0xd7, 0x13, 0x68, 0xa1, 0xf1, 0xc9, 0x6b, 0x86, 0x96, 0xfc, 0x77, 0x57, 0x01, 0x00}} // RFC 3706 section 5.1
	for _, c := range []struct {
		datagram []byte
		want     string
		ok       bool
	}{
		{answer(cookie, isakmp.MainMode, sa), "it takes up the exchange", true},
		{answer(cookie, isakmp.MainMode, sa, dpd), "it takes up the exchange (" + isakmp.VendorName(dpd.Data) + ")", true},
		{answer(cookie, isakmp.Informational, isakmp.Notify{DOI: 1, Protocol: 1, Kind: 14}), "it says NO-PROPOSAL-CHOSEN", true}, // RFC 2408 section 3.14.1
		{answer(isakmp.Cookie{7}, isakmp.MainMode, sa), "", false},
		{[]byte("HTTP/1.1 400"), "", false},
		{Question(cookie, []profile.Phase1{{Cipher: 5, Hash: 1, Group: 2}}), "", false}, // an echo
		{nil, "", false},
	} {
		if got, ok := Read(cookie, c.datagram); got != c.want || ok != c.ok {
			t.Errorf("%q %v, want %q", got, ok, c.want)
		}
	}
	if isakmp.VendorName(dpd.Data) == "" {
		t.Error("DPD has no name")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(answer(cookie, isakmp.MainMode, isakmp.SA{DOI: isakmp.DOIIPsec, Situation: isakmp.SituationIdentityOnly}))
	f.Add(answer(cookie, isakmp.Informational, isakmp.Notify{DOI: 1, Protocol: 1, Kind: 14}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		said, ok := Read(cookie, b)
		if ok == (said == "") || len(said) > 2000 {
			t.Fatalf("%q %v", said, ok)
		}
		fs := healthy()
		fs.Now = at.Add(time.Second)
		fs.Peers[0].Ports[0].What = said
		Examine(fs)
	})
}

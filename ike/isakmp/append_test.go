package isakmp_test

import (
	"bytes"
	"testing"

	. "ezvpn/ike/isakmp"
)

// What does not fit its length field is cut where it stands, so that the chain behind it holds.
func TestWhatDoesNotFitIsCut(t *testing.T) {
	huge := make([]byte, 70000)
	for name, p := range map[string]Payload{
		"vendor ID": Vendor{huge}, "KE": KE{huge}, "hash": Hash{huge}, "signature": Signature{huge},
		"certificate": Cert{4, huge}, "request": CertReq{4, huge}, "identity": ID{Kind: IDKeyID, Data: huge},
		"notify data": Notify{Data: huge}, "notify SPI": Notify{SPI: huge}, "NAT-OA": NATOA{TypeNATOA, huge},
		"fragment": Fragment{Data: huge}, "unknown": Unknown{200, huge},
	} {
		b := AppendPayloads(nil, p, Vendor{[]byte{1, 2, 3}})
		ps, n, err := ParsePayloads(p.Type(), b)
		if err != nil || n != len(b) || len(ps) != 2 {
			t.Errorf("%s: %d payloads, %v", name, len(ps), err)
			continue
		}
		if got := AppendPayloads(nil, typed(ps)...); !bytes.Equal(got, b) {
			t.Errorf("%s: is not written back", name)
		}
	}
	as, err := ParseAttributes(AppendAttributes(nil, TLV(1, huge), TV(2, 3)))
	if err != nil || len(as) != 2 || len(as[0].Value) != 0xffff {
		t.Errorf("attribute: %d, %v", len(as), err)
	}
}

func TestUnknownPayloadsAreKept(t *testing.T) {
	for _, number := range []PayloadType{TypeProposal, TypeTransform, 15, 16, 19, 127, 128, 200, 255} {
		b := append([]byte{0, 0, 0, 7}, 1, 2, 3)
		ps, _, err := ParsePayloads(number, b)
		if err != nil || len(ps) != 1 || ps[0].Payload.Type() != number || !bytes.Equal(AppendPayloads(nil, typed(ps)...), b) {
			t.Errorf("payload %d: %+v, %v", number, ps, err)
		}
	}
}

// A chain of itself ends with the message.
func TestChainEnds(t *testing.T) {
	b := bytes.Repeat([]byte{byte(TypeVendor), 0, 0, 4}, 20)
	if _, _, err := ParsePayloads(TypeVendor, b); err == nil {
		t.Error("a chain without an end is taken")
	}
}

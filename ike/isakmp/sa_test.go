package isakmp_test

import (
	"bytes"
	"errors"
	"testing"

	. "ezvpn/ike/isakmp"
)

// Main Mode message 1 of a FortiGate as Fortinet published it, with the byte put back that the published dump lost.
// A sample of structure: two transforms, a duration as TV, attributes in another order than ours.
func fortigate() []byte {
	const sa = "0000000100000001" + "0000004c01010002" +
		"0300002001010000800b0001800c7080800100058003000180020002" + "80040005" +
		"0000002402010000800b0001800c708080010007800e008080030001" + "8002000280040005"
	vendors := []string{"4a131c81070358455c5728f20e95452f", "7d9419a65310ca6f2c179d9215529d56",
		"cd60464335df21f87cfdb2fc68b6a448", "90cb80913ebb696e086381b5ec427b1f", "16f6ca16e4a4066d83821a0f0aeaa862",
		"4485152d18b6bbcd0be8a8469579ddcc", "afcad71368a1f1c96b8696fc77570100", "4048b7d56ebce88525e7de7f00d6c2d3",
		"8299031757a36082c6a621de0005013e"}
	b := x("12f2cbed073d6dba" + "0000000000000000" + "01100200" + "00000000" + "00000128" + "0d000058" + sa)
	for i, v := range vendors {
		next := byte(TypeVendor)
		if i == len(vendors)-1 {
			next = 0
		}
		b = append(b, next, 0, 0, 20)
		b = append(b, x(v)...)
	}
	return b
}

func TestPublishedFortiGateMessage(t *testing.T) {
	b := fortigate()
	h, err := ParseHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	if h.Exchange != MainMode || h.Length != 0x128 || h.Responder != (Cookie{}) {
		t.Errorf("header is %+v", h)
	}
	ps, n, err := ParsePayloads(h.Next, b[HeaderLen:])
	if err != nil || n != len(b)-HeaderLen || len(ps) != 10 {
		t.Fatalf("%d payloads, %d bytes, %v", len(ps), n, err)
	}
	sa := ps[0].Payload.(SA)
	if len(sa.Proposals) != 1 || len(sa.Proposals[0].Transforms) != 2 || sa.Proposals[0].Protocol != ProtocolISAKMP {
		t.Fatalf("SA is %+v", sa)
	}
	for i, want := range []map[uint16]uint64{
		{Phase1LifeType: 1, Phase1LifeDuration: 28800, Phase1Encryption: 5, Phase1Auth: 1, Phase1Hash: 2, Phase1Group: 5},
		{Phase1LifeType: 1, Phase1LifeDuration: 28800, Phase1Encryption: 7, Phase1KeyLength: 128, Phase1Auth: 1, Phase1Hash: 2, Phase1Group: 5},
	} {
		tr := sa.Proposals[0].Transforms[i]
		if tr.ID != KeyIKE || int(tr.Number) != i+1 || len(tr.Attributes) != len(want) {
			t.Errorf("transform %d is %+v", i, tr)
		}
		for kind, v := range want {
			a, _ := Find(tr.Attributes, kind)
			if n, ok := a.Uint(); !ok || n != v {
				t.Errorf("transform %d: %s is %d, want %d", i, Phase1Name(kind), n, v)
			}
		}
	}
	names := []string{NameNATTRFC, NameNATTDraft03, NameNATTDraft02, NameNATTDraft02n, NameNATTDraft01, NameNATTDraft00,
		NameDPD, NameFragmentation, "FortiGate"}
	var typed []Payload
	for i, p := range ps {
		typed = append(typed, p.Payload)
		if i > 0 && p.Payload.(Vendor).String() != names[i-1] {
			t.Errorf("vendor ID %d is %v, want %s", i, p.Payload, names[i-1])
		}
	}
	if got := AppendMessage(nil, h, typed...); !bytes.Equal(got, b) {
		t.Errorf("written back as %x, was %x", got, b)
	}
}

func TestBrokenSA(t *testing.T) {
	const head = "0000000100000001"
	for name, v := range map[string]struct {
		body string
		want error
	}{
		"no proposal":             {head, nil},
		"no transform":            {head + "0000000801010000", nil},
		"SPI":                     {head + "0000000c03030400" + "c1c2c3c4", nil},
		"two proposals":           {head + "0200000801030000" + "0000000802030000", nil},
		"7 bytes":                 {head[:14], ErrLength},
		"DOI 0":                   {"0000000000000001" + "0000000801010000", ErrDOI},
		"situation 2":             {"0000000100000002" + "0000000801010000", ErrDOI},
		"proposal of 7":           {head + "00000007010100", ErrLength},
		"SPI beyond":              {head + "000000080103ff00", ErrLength},
		"reserved":                {head + "0001000801010000", ErrReserved},
		"bytes behind":            {head + "0000000801010000" + "00", ErrLength},
		"chain to a transform":    {head + "0300000801010000" + "0000000801010000", ErrChain},
		"second is missing":       {head + "0200000801010000", ErrShort},
		"transform is missing":    {head + "0000000801010001", ErrShort},
		"transform of 4":          {head + "0000000c01010001" + "00000004", ErrLength},
		"transform reserved":      {head + "0000001001010001" + "0000000801010001", ErrReserved},
		"one transform too many":  {head + "0000001801010001" + "0300000801010000" + "0000000802010000", ErrChain},
		"one transform too few":   {head + "0000001001010002" + "0000000801010000", ErrChain},
		"transform of other type": {head + "0000001801010002" + "0200000801010000" + "0000000802010000", ErrChain},
		"half an attribute":       {head + "0000001201010001" + "0000000a01010000" + "800b", ErrLength},
	} {
		body := x(v.body)
		b := append([]byte{0, 0, 0, byte(4 + len(body))}, body...)
		ps, _, err := ParsePayloads(TypeSA, b)
		if !errors.Is(err, v.want) || (err != nil) != (v.want != nil) {
			t.Errorf("%s: %v, want %v", name, err, v.want)
			continue
		}
		if err == nil && !bytes.Equal(AppendPayloads(nil, ps[0].Payload), b) {
			t.Errorf("%s: written back as %x, was %x", name, AppendPayloads(nil, ps[0].Payload), b)
		}
	}
}

func TestAttributes(t *testing.T) {
	// The two ways to say 28800 seconds (RFC 2408 §3.3), as vpnc and FortiGate write them.
	for _, s := range []string{"800b0001000c000400007080", "800b0001800c7080"} {
		as, err := ParseAttributes(x(s))
		if err != nil || len(as) != 2 {
			t.Fatalf("%s: %v", s, err)
		}
		if n, ok := as[1].Uint(); !ok || n != 28800 || as[1].Type != Phase1LifeDuration {
			t.Errorf("%s: duration is %d", s, n)
		}
		if got := AppendAttributes(nil, as...); !bytes.Equal(got, x(s)) {
			t.Errorf("%s is written back as %x", s, got)
		}
	}
	if got := AppendAttributes(nil, TV(Phase1LifeType, LifeSeconds), TLV(Phase1LifeDuration, x("00015180"))); !bytes.Equal(got, x("800b0001000c000400015180")) {
		t.Errorf("86400 seconds are written as %x", got)
	}
	if _, ok := TLV(1, nil).Uint(); ok {
		t.Error("no value is a number")
	}
	if _, ok := TLV(1, make([]byte, 9)).Uint(); ok {
		t.Error("nine bytes are a number")
	}
	if n, ok := TLV(1, x("ffffffffffffffff")).Uint(); !ok || n != 1<<64-1 {
		t.Errorf("eight bytes are %d", n)
	}
	if got := AppendAttributes(nil, Attribute{Type: 7, Basic: true, Value: []byte{9}}, Attribute{Type: 7, Basic: true, Value: []byte{1, 2, 3}}, Attribute{Type: 7, Basic: true}); !bytes.Equal(got, x("800700098007020380070000")) {
		t.Errorf("basic attributes of odd length are written as %x", got)
	}
}

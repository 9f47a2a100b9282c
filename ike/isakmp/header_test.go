package isakmp_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	. "ezvpn/ike/isakmp"
)

func x(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestHeaderRefusals(t *testing.T) {
	good := x("12f2cbed073d6dba" + "0000000000000000" + "01100200" + "00000000" + "0000001c")
	if _, err := ParseHeader(good); err != nil {
		t.Fatal(err)
	}
	with := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	for name, v := range map[string]struct {
		b    []byte
		want error
	}{
		"nothing":           {nil, ErrShort},
		"27 bytes":          {good[:27], ErrShort},
		"version 2":         {with(17, 0x20), ErrVersion},
		"version 15":        {with(17, 0xf0), ErrVersion},
		"version 1.15":      {with(17, 0x1f), ErrVersion},
		"all flags":         {with(19, 0xff), ErrFlags},
		"no cookie":         {with(0, make([]byte, 8)...), ErrCookie},
		"length too small":  {with(24, 0, 0, 0, 27), ErrLength},
		"length too large":  {with(24, 0, 0, 0, 29), ErrLength},
		"length 2^32-1":     {with(24, 0xff, 0xff, 0xff, 0xff), ErrLength},
		"bytes behind":      {append(bytes.Clone(good), 0), ErrLength},
		"two messages":      {append(bytes.Clone(good), good...), ErrLength},
		"the marker before": {append(make([]byte, 4), good...), ErrVersion},
	} {
		if _, err := ParseHeader(v.b); !errors.Is(err, v.want) {
			t.Errorf("%s: %v, want %v", name, err, v.want)
		}
	}
}

func TestGenericHeaderRefusals(t *testing.T) {
	for name, v := range map[string]struct {
		first PayloadType
		b     string
		want  error
	}{
		"length 0":                {TypeVendor, "00000000", ErrLength},
		"length 3":                {TypeVendor, "00000003", ErrLength},
		"beyond the message":      {TypeVendor, "0000000500", nil},
		"beyond by one":           {TypeVendor, "00000006" + "00", ErrShort},
		"largest length":          {TypeVendor, "0000ffff" + "00", ErrShort},
		"reserved":                {TypeVendor, "0001000400", ErrReserved},
		"no header":               {TypeVendor, "000000", ErrShort},
		"chain goes on":           {TypeVendor, "0d000004", ErrShort},
		"second is cut":           {TypeVendor, "0d000004" + "00000008" + "0000", ErrShort},
		"garbage by a wrong key":  {TypeHash, "a4f8003c" + "00112233", ErrReserved},
		"nonce of 7":              {TypeNonce, "0000000b" + "01020304050607", ErrLength},
		"ID of 3":                 {TypeID, "00000007" + "010000", ErrLength},
		"cert of 0":               {TypeCert, "00000004", ErrLength},
		"CR of 0":                 {TypeCertReq, "00000004", ErrLength},
		"notify of 7":             {TypeNotify, "0000000b" + "00000001010000", ErrLength},
		"notify SPI beyond":       {TypeNotify, "0000000f" + "0000000101046002" + "aabbcc", ErrLength},
		"delete count":            {TypeDelete, "00000010" + "0000000103040002" + "c1c2c3c4", ErrLength},
		"delete with rest":        {TypeDelete, "00000011" + "0000000103040001" + "c1c2c3c400", ErrLength},
		"delete, many of nothing": {TypeDelete, "0000000c" + "000000010300ffff", ErrLength},
		"attributes of 3":         {TypeAttribute, "00000007" + "010000", ErrLength},
		"half an attribute":       {TypeAttribute, "0000000b" + "01000014" + "000100", ErrLength},
		"attribute beyond":        {TypeAttribute, "0000000d" + "01000014" + "0001000200", ErrLength},
		"fragment of 3":           {TypeFragment, "00000007" + "000101", ErrLength},
	} {
		ps, n, err := ParsePayloads(v.first, x(v.b))
		if !errors.Is(err, v.want) || (err != nil) != (v.want != nil) {
			t.Errorf("%s: %v, want %v", name, err, v.want)
		}
		if err != nil && (ps != nil || n != 0) {
			t.Errorf("%s: gives %d payloads and %d bytes besides the error", name, len(ps), n)
		}
	}
}

func TestPaddingIsNotLookedAt(t *testing.T) {
	for _, pad := range []string{"", "0000", "ffffffffffffffff", "0d000004"} {
		ps, n, err := ParsePayloads(TypeHash, x("0e000006aabb"+"0000000801000014"+pad))
		if err != nil || len(ps) != 2 || n != 14 {
			t.Errorf("padding %q: %d payloads, %d bytes, %v", pad, len(ps), n, err)
		}
	}
	if ps, n, err := ParsePayloads(None, x("ffff")); len(ps) != 0 || n != 0 || err != nil {
		t.Errorf("no payload at all: %d, %d, %v", len(ps), n, err)
	}
}

func TestLimits(t *testing.T) {
	vendors := func(n int) []byte {
		var ps []Payload
		for range n {
			ps = append(ps, Vendor{})
		}
		return AppendPayloads(nil, ps...)
	}
	if ps, _, err := ParsePayloads(TypeVendor, vendors(MaxPayloads)); err != nil || len(ps) != MaxPayloads {
		t.Errorf("%d payloads: %d, %v", MaxPayloads, len(ps), err)
	}
	if _, _, err := ParsePayloads(TypeVendor, vendors(MaxPayloads+1)); !errors.Is(err, ErrTooMany) {
		t.Errorf("one payload too many: %v", err)
	}
	config := func(n int) Config {
		c := Config{Kind: ConfigReply}
		for range n {
			c.Attributes = append(c.Attributes, TV(UnityPFS, 1))
		}
		return c
	}
	parse := func(ps ...Payload) error {
		_, _, err := ParsePayloads(ps[0].Type(), AppendPayloads(nil, ps...))
		return err
	}
	if err := parse(config(MaxAttributes)); err != nil {
		t.Errorf("%d attributes: %v", MaxAttributes, err)
	}
	if err := parse(config(MaxAttributes + 1)); !errors.Is(err, ErrTooMany) {
		t.Errorf("one attribute too many: %v", err)
	}
	if err := parse(config(MaxAttributes/2), config(MaxAttributes/2+1)); !errors.Is(err, ErrTooMany) {
		t.Errorf("one attribute too many in two payloads: %v", err)
	}
	if _, err := ParseAttributes(AppendAttributes(nil, config(MaxAttributes+1).Attributes...)); !errors.Is(err, ErrTooMany) {
		t.Errorf("one attribute too many alone: %v", err)
	}
	sa := SA{DOI: 1, Situation: 1, Proposals: make([]Proposal, MaxPayloads)}
	if err := parse(sa); !errors.Is(err, ErrTooMany) {
		t.Errorf("%d proposals: %v", MaxPayloads, err)
	}
}

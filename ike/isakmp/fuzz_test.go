package isakmp_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"ezvpn/ike/capturetest"
	. "ezvpn/ike/isakmp"
)

// seeds gives the clear form of every recorded message, and every recorded fragment.
func seeds(f *testing.F, add func(message []byte)) {
	for _, name := range capturetest.Names(f) {
		plain(f, name, func(m capturetest.Message, h Header, body []byte) {
			h.Length = uint32(HeaderLen + len(body))
			add(append(h.Append(nil), body...))
		})
		for _, d := range capturetest.Load(f, name).Datagrams {
			if b, ok := d.IKE(); ok && b[16] == byte(TypeFragment) {
				add(b)
			}
		}
	}
	add(fortigate())
}

func typed(ps []Parsed) (out []Payload) {
	for _, p := range ps {
		out = append(out, p.Payload)
	}
	return out
}

// What is read is written back byte for byte, and within the limits.
func FuzzMessage(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			return
		}
		if got := h.Append(nil); !bytes.Equal(got, b[:HeaderLen]) {
			t.Fatalf("header is written back as %x, was %x", got, b[:HeaderLen])
		}
		ps, n, err := ParsePayloads(h.Next, b[HeaderLen:])
		if err != nil {
			return
		}
		attributes := 0
		for _, p := range ps {
			if c, ok := p.Payload.(Config); ok {
				attributes += len(c.Attributes)
				for _, a := range c.Attributes {
					a.Domains()
					a.Servers()
					a.IPv4()
					a.Networks()
				}
			}
			if id, ok := p.Payload.(ID); ok {
				id.Prefix()
			}
		}
		if len(ps) > MaxPayloads || attributes > MaxAttributes || n > len(b)-HeaderLen {
			t.Fatalf("%d payloads, %d attributes, %d bytes of %d", len(ps), attributes, n, len(b))
		}
		if got := AppendPayloads(nil, typed(ps)...); !bytes.Equal(got, b[HeaderLen:HeaderLen+n]) {
			t.Fatalf("written back as %x, was %x", got, b[HeaderLen:HeaderLen+n])
		}
		again := AppendMessage(nil, h, typed(ps)...)
		if _, err := ParseHeader(again); err != nil {
			t.Fatalf("whole message is refused when written back: %v", err)
		}
	})
}

func FuzzAttributes(f *testing.F) {
	seeds(f, func(b []byte) {
		ps, _, err := ParsePayloads(PayloadType(b[16]), b[HeaderLen:])
		if err != nil {
			f.Fatal(err)
		}
		for _, p := range ps {
			switch v := p.Payload.(type) {
			case Config:
				f.Add(AppendAttributes(nil, v.Attributes...))
			case SA:
				f.Add(AppendAttributes(nil, v.Proposals[0].Transforms[0].Attributes...))
			}
		}
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		as, err := ParseAttributes(b)
		if err != nil {
			return
		}
		if got := AppendAttributes(nil, as...); !bytes.Equal(got, b) {
			t.Fatalf("written back as %x, was %x", got, b)
		}
		for _, a := range as {
			if n, ok := a.Uint(); ok && a.Basic && !bytes.Equal(TV(a.Type, uint16(n)).Value, a.Value) {
				t.Fatalf("%x reads as %d", a.Value, n)
			}
		}
	})
}

// A message that is split comes back whole, whatever the order of its fragments.
func FuzzSplit(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b, 100, uint64(1)); f.Add(b, 600, uint64(77)) })
	f.Fuzz(func(t *testing.T, b []byte, size int, order uint64) {
		if h, err := ParseHeader(b); err != nil || h.Next == TypeFragment || len(b) > MaxFragmented {
			return
		}
		out := Split(b, 1, size)
		if len(out) == 1 {
			if !bytes.Equal(out[0], b) {
				t.Fatal("a single piece is not the message")
			}
			return
		}
		for i := len(out) - 1; i > 0; i-- { // an order that the input decides
			j := int(order % uint64(i+1))
			order = order*6364136223846793005 + 1442695040888963407
			out[i], out[j] = out[j], out[i]
		}
		var r Reassembly
		for i, p := range out {
			if len(p) > size {
				t.Fatalf("a piece of %d bytes, at most %d were asked for", len(p), size)
			}
			ps, _, err := ParsePayloads(TypeFragment, p[HeaderLen:])
			if err != nil {
				t.Fatal(err)
			}
			whole, err := r.Add(noon, ps[0].Payload.(Fragment))
			if err != nil || (whole != nil) != (i == len(out)-1) || whole != nil && !bytes.Equal(whole, b) {
				t.Fatalf("piece %d of %d: %v", i, len(out), err)
			}
		}
	})
}

// Fragments in any row keep the reassembly within its limits. The input is a list of: seconds passed, ID, number,
// flags, length (2), data.
func FuzzReassembly(f *testing.F) {
	seeds(f, func(b []byte) {
		if b[16] == byte(TypeFragment) {
			head := append([]byte{0}, b[32:36]...)
			head = binary.BigEndian.AppendUint16(head, uint16(len(b)-36))
			f.Add(append(append(head[:1:1], head[2:]...), b[36:]...))
		}
	})
	f.Add([]byte("\x00\x01\x01\x00\x00\x01a\x00\x01\x02\x01\x00\x01b"))
	f.Add([]byte("\x00\x01\x02\x01\x00\x01a\x1f\x01\x01\x00\x00\x01b\x00\x02\x01\x01\x00\x01c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Reassembly
		now := noon
		for len(b) >= 6 {
			now = now.Add(time.Duration(b[0]) * time.Second)
			n := min(int(binary.BigEndian.Uint16(b[4:])), len(b)-6)
			frag := Fragment{ID: uint16(b[1]), Number: b[2], Flags: b[3], Data: b[6 : 6+n]}
			b = b[6+n:]
			whole, err := r.Add(now, frag)
			if whole != nil && err != nil {
				t.Fatal("a message and an error")
			}
			if whole != nil {
				if _, err := ParseHeader(whole); err != nil || len(whole) > MaxFragmented {
					t.Fatalf("whole of %d bytes: %v", len(whole), err)
				}
			}
			if count, held := r.Held(); count > MaxFragments || held > MaxFragmented || (err != nil || whole != nil) && count != 0 {
				t.Fatalf("%d fragments, %d bytes are kept: %v", count, held, err)
			}
			if at := r.Deadline(); !at.IsZero() && now.After(at) {
				t.Fatal("older than the limit")
			}
		}
	})
}

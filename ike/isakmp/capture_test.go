package isakmp_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ezvpn/ike/capturetest"
	. "ezvpn/ike/isakmp"
)

// conversation gives the whole messages of a recording, fragments put together, by the frame that completed them.
func conversation(tb testing.TB, c *capturetest.Capture) map[int][]byte {
	tb.Helper()
	out, pending := map[int][]byte{}, map[string]*Reassembly{}
	for _, d := range c.Datagrams {
		b, ok := d.IKE()
		if !ok {
			continue
		}
		h, err := ParseHeader(b)
		if err != nil {
			tb.Fatalf("frame %d: %v", d.Frame, err)
		}
		if h.Next != TypeFragment {
			out[d.Frame] = b
			continue
		}
		ps, _, err := ParsePayloads(h.Next, b[HeaderLen:])
		if err != nil || len(ps) != 1 {
			tb.Fatalf("frame %d: %d payloads, %v", d.Frame, len(ps), err)
		}
		if got := AppendMessage(nil, h, ps[0].Payload); !bytes.Equal(got, b) {
			tb.Errorf("frame %d: fragment is written back as %x, was %x", d.Frame, got, b)
		}
		key := d.From.String() + string(h.Initiator[:])
		if pending[key] == nil {
			pending[key] = &Reassembly{}
		}
		whole, err := pending[key].Add(time.Time{}.Add(time.Hour), ps[0].Payload.(Fragment))
		if err != nil {
			tb.Fatalf("frame %d: %v", d.Frame, err)
		}
		if whole != nil {
			out[d.Frame] = whole
		}
	}
	return out
}

// plain gives each message of a recording as the JSON tells it, with the header that came with it.
func plain(tb testing.TB, name string, f func(m capturetest.Message, h Header, body []byte)) {
	tb.Helper()
	c := capturetest.Load(tb, name)
	whole := conversation(tb, c)
	for _, m := range c.Messages {
		if m.Retransmission || m.Fragment != nil {
			continue
		}
		b, ok := whole[m.Frames[len(m.Frames)-1]]
		if !ok {
			tb.Fatalf("%s: no message in frame %v", name, m.Frames)
		}
		h, err := ParseHeader(b)
		if err != nil {
			tb.Fatalf("%s: frame %v: %v", name, m.Frames, err)
		}
		if m.Encrypted != (h.Flags&Encrypted != 0) {
			tb.Errorf("%s: frame %v: flags %v", name, m.Frames, h.Flags)
		}
		if !m.Encrypted && !bytes.Equal(b[HeaderLen:], m.Plaintext) {
			tb.Errorf("%s: frame %v: the clear message is not what was told", name, m.Frames)
		}
		f(m, h, m.Plaintext)
	}
}

// jsonName is how the recordings call a payload.
func jsonName(t PayloadType) string {
	if t == TypeCertReq {
		return "CERTREQ"
	}
	return strings.TrimSuffix(t.String(), " draft")
}

func TestEveryRecordedMessageIsReadAndWrittenBack(t *testing.T) {
	for _, name := range capturetest.Names(t) {
		t.Run(name, func(t *testing.T) {
			count := 0
			plain(t, name, func(m capturetest.Message, h Header, body []byte) {
				count++
				ps, n, err := ParsePayloads(h.Next, body)
				if err != nil {
					t.Fatalf("frame %v: %v", m.Frames, err)
				}
				if pad := len(body) - n; pad != m.Padding {
					t.Errorf("frame %v: %d bytes behind the chain, want %d", m.Frames, pad, m.Padding)
				}
				if len(ps) != len(m.Payloads) {
					t.Fatalf("frame %v: %d payloads, want %d", m.Frames, len(ps), len(m.Payloads))
				}
				var typed []Payload
				for i, p := range ps {
					typed = append(typed, p.Payload)
					if _, raw := p.Payload.(Unknown); raw {
						t.Errorf("frame %v: payload %d is not known", m.Frames, i)
					}
					if got := jsonName(p.Payload.Type()); got != m.Payloads[i].Type {
						t.Errorf("frame %v: payload %d is %s, want %s", m.Frames, i, got, m.Payloads[i].Type)
					}
					if !bytes.Equal(p.Body, m.Payloads[i].Body) {
						t.Errorf("frame %v: payload %d: body %x, want %x", m.Frames, i, p.Body, m.Payloads[i].Body)
					}
				}
				if got := AppendPayloads(nil, typed...); !bytes.Equal(got, body[:n]) {
					t.Errorf("frame %v: written back as %x, was %x", m.Frames, got, body[:n])
				}
				if !m.Encrypted {
					if got := AppendMessage(nil, h, typed...); !bytes.Equal(got, append(h.Append(nil), body...)) {
						t.Errorf("frame %v: whole message differs when written back", m.Frames)
					}
				}
			})
			if count == 0 {
				t.Error("recording has no messages")
			}
		})
	}
}

// A message that is cut short is refused at the header; its body alone is refused too, or gives the same payloads when
// only padding is gone.
func TestEveryTruncation(t *testing.T) {
	for _, name := range capturetest.Names(t) {
		t.Run(name, func(t *testing.T) {
			for frame, b := range conversation(t, capturetest.Load(t, name)) {
				for i := range b {
					if _, err := ParseHeader(b[:i]); err == nil {
						t.Errorf("frame %d: header of %d of %d bytes is taken", frame, i, len(b))
					}
				}
			}
			plain(t, name, func(m capturetest.Message, h Header, body []byte) {
				whole, n, err := ParsePayloads(h.Next, body)
				if err != nil {
					t.Fatal(err)
				}
				for i := range body {
					ps, _, err := ParsePayloads(h.Next, body[:i:i])
					if cut := i < n; cut != (err != nil) {
						t.Errorf("frame %v: %d of %d bytes: %v", m.Frames, i, n, err)
					}
					if err == nil && len(ps) != len(whole) {
						t.Errorf("frame %v: %d payloads without padding", m.Frames, len(ps))
					}
				}
				for _, p := range whole {
					for i := range p.Body {
						b := append([]byte{0, 0, 0, byte(4 + i)}, p.Body[:i]...)
						b[2] = byte((4 + i) >> 8)
						ParsePayloads(p.Payload.Type(), b)
					}
				}
			})
		})
	}
}

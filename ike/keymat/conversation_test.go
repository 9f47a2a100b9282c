package keymat_test

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	. "ezvpn/ike/keymat"
)

func TestEveryRecordedConversation(t *testing.T) {
	for _, name := range capturetest.Names(t) {
		t.Run(name, func(t *testing.T) { play(t, capturetest.Load(t, name)) })
	}
}

// play walks over a recording message by message next to what the JSON tells.
func play(t *testing.T, c *capturetest.Capture) {
	sas, at := map[[8]byte]*replay{}, map[int]capturetest.Datagram{}
	for _, d := range c.Datagrams {
		at[d.Frame] = d
	}
	verified := 0
	for _, m := range c.Messages {
		d := at[m.Frames[len(m.Frames)-1]]
		b, ok := d.IKE()
		if !ok {
			t.Fatalf("frame %v is not IKE", m.Frames)
		}
		if m.Retransmission {
			continue // the chain must not move
		}
		if m.Fragment == nil && len(m.Frames) > 1 {
			b = assemble(t, c, m.Frames)
		} else if m.Fragment != nil {
			continue
		}
		cookie := [8]byte(b)
		r := sas[cookie]
		if r == nil {
			r = &replay{t: t, told: c.SA(cookie[:]), initiator: d.From.Addr(), ci: cookie,
				chains: map[uint32]*Chain{}, quick: map[uint32]*quick{}, natd: map[int][][]byte{}}
			sas[cookie] = r
		}
		plain, iv, hashOK, signed := r.message(d.From.Addr(), b)
		if !bytes.Equal(plain, m.Plaintext) || !bytes.Equal(iv, m.IV) {
			t.Errorf("frame %v: plaintext or IV differs", m.Frames)
		}
		if (hashOK == nil) != (m.HashOK == nil) || hashOK != nil && *hashOK != *m.HashOK {
			t.Errorf("frame %v: hash is not as told", m.Frames)
		}
		if signed != (m.Signature != "") {
			t.Errorf("frame %v: signature %v", m.Frames, signed)
		}
		if h, _ := isakmp.ParseHeader(b); h.MessageID == 0 {
			r.collectNATD(h, d.Frame, plain)
		}
		if hashOK != nil {
			verified++
		}
	}
	if len(sas) != len(c.ISAKMP) {
		t.Errorf("%d ISAKMP SAs, want %d", len(sas), len(c.ISAKMP))
	}
	natd := 0
	for _, r := range sas {
		if n := r.children(); n != len(r.told.Children) {
			t.Errorf("%d Quick Modes, want %d", n, len(r.told.Children))
		}
		natd += r.checkNATD(c, at)
	}
	if natd != len(c.NATD) {
		t.Errorf("NAT-D of %d messages, want %d", natd, len(c.NATD))
	}
	if want := countHashes(c); verified != want {
		t.Errorf("%d hashes verified, want %d", verified, want)
	}
}

func countHashes(c *capturetest.Capture) (n int) {
	for _, m := range c.Messages {
		if m.HashOK != nil {
			n++
		}
	}
	return n
}

func assemble(t *testing.T, c *capturetest.Capture, frames []int) []byte {
	r := &isakmp.Reassembly{}
	for _, d := range c.Datagrams {
		for _, f := range frames {
			if d.Frame != f {
				continue
			}
			b, _ := d.IKE()
			ps, _, err := isakmp.ParsePayloads(isakmp.TypeFragment, b[isakmp.HeaderLen:])
			if err != nil {
				t.Fatal(err)
			}
			whole, err := r.Add(time.Unix(1, 0), ps[0].Payload.(isakmp.Fragment))
			if err != nil {
				t.Fatal(err)
			}
			if whole != nil {
				return whole
			}
		}
	}
	t.Fatalf("frames %v do not make a message", frames)
	return nil
}

func (r *replay) collectNATD(h isakmp.Header, frame int, plain []byte) {
	ps, _, err := isakmp.ParsePayloads(h.Next, plain)
	if err != nil {
		return
	}
	for _, p := range ps {
		if n, ok := p.Payload.(isakmp.NATD); ok {
			r.natd[frame] = append(r.natd[frame], n.Data)
		}
	}
}

// checkNATD compares the NAT-D hashes with the addresses on the wire. Most recordings force NAT-T with a wrong hash
// for the source; the JSON says which hold.
func (r *replay) checkNATD(c *capturetest.Capture, at map[int]capturetest.Datagram) (checked int) {
	for frame, got := range r.natd {
		want, told := c.NATD[frame]
		if !told {
			continue
		}
		checked++
		d := at[frame]
		if ok := bytes.Equal(got[0], NATD(r.hash, r.ci, r.cr, d.To)); ok != want.Destination {
			r.t.Errorf("frame %d: NAT-D of the destination holds: %v", frame, ok)
		}
		has := func(hashes [][]byte, a netip.Addr, port uint16) bool {
			sum := NATD(r.hash, r.ci, r.cr, netip.AddrPortFrom(a, port))
			return slices.ContainsFunc(hashes, func(b []byte) bool { return bytes.Equal(b, sum) })
		}
		if found := has(got[1:], d.From.Addr(), d.From.Port()); found != want.Source {
			r.t.Errorf("frame %d: NAT-D of the source holds: %v", frame, found)
		}
		if p := want.DestinationPort; p != nil && !has(got[:1], d.To.Addr(), *p) {
			r.t.Errorf("frame %d: NAT-D of the destination is not for port %d", frame, *p)
		}
		if p := want.SourcePort; p != nil && !has(got[1:], c.Addresses.ClientPrivate, *p) {
			r.t.Errorf("frame %d: NAT-D of the source is not for the private address and port %d", frame, *p)
		}
	}
	return checked
}

// vpnc logged its own secrets: a second witness.
func TestWhatVPNCLogged(t *testing.T) {
	seen := 0
	for _, name := range capturetest.Names(t) {
		c := capturetest.Load(t, name)
		if len(c.VPNC["skeyid_d"]) == 0 {
			continue
		}
		seen++
		sa := c.ISAKMP[0]
		keys := sa.Keys
		if sa.ClientKeys != nil {
			keys = *sa.ClientKeys
		}
		for log, k := range map[string]capturetest.Hex{"skeyid_d": keys.D, "skeyid_a": keys.A, "skeyid_e": keys.E, "enc-key": keys.Key} {
			if v, ok := c.VPNC[log]; ok && !bytes.Equal(v, k) {
				t.Errorf("%s: %s of the log is %x, want %x", name, log, v, k)
			}
		}
	}
	if seen == 0 {
		t.Error("no recording with a log of vpnc")
	}
}

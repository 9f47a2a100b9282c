package ike

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ezvpn/ike/isakmp"
)

// rounds is a gateway that asks one question after the other, then says yes.
func rounds(t *testing.T, questions [][]XAUTHField, kinds []uint16, messages []string) (*pair, *[]XAUTHReply) {
	p := newPair(t, testConfig(), testServer())
	var got []XAUTHReply
	p.answers = map[string]string{"username": "alice", "password": "alice-pw", "passcode": "123456", "next-pin": "4711", "answer": "yes", "domain": ""}
	p.ask = func(p *pair, n int, r XAUTHReply) {
		got = append(got, r)
		var ev []Event
		var err error
		if n <= len(questions) {
			ev, err = p.server.RequestXAUTH(p.now, kinds[n-1], questions[n-1], messages[n-1])
		} else {
			ev, err = p.server.FinishXAUTH(p.now, true, "welcome")
		}
		if err != nil {
			t.Fatal(err)
		}
		p.take(ev, false)
	}
	return p, &got
}

func TestXAUTHRounds(t *testing.T) {
	p, got := rounds(t, [][]XAUTHField{{{Name: "passcode"}}, {{Name: "next-pin"}}, {{Name: "answer", Text: "yes/no"}}},
		[]uint16{isakmp.XAUTHOTP, isakmp.XAUTHGeneric, isakmp.XAUTHSKey}, []string{"Token code?", "Choose a new PIN", "Generate one?"})
	p.drive(time.Minute)
	if err := p.connected(1); err != nil {
		t.Fatal(err)
	}
	if len(p.asked) != 4 || p.asked[1].Kind != isakmp.XAUTHOTP || p.asked[1].Message != "Token code?" || p.asked[2].Message != "Choose a new PIN" ||
		p.asked[3].Fields[0].Text != "yes/no" || !p.asked[1].Fields[0].Hidden {
		t.Errorf("asked %+v", p.asked)
	}
	want := []string{"password=alice-pw username=alice", "passcode=123456", "next-pin=4711", "answer=yes"}
	for i, r := range *got {
		var s []string
		for k, v := range r.Fields {
			s = append(s, k+"="+string(v))
		}
		slices.Sort(s)
		if strings.Join(s, " ") != want[i] {
			t.Errorf("answer %d: %v, want %s", i, s, want[i])
		}
	}
	if d := find[XAUTHDone](p.client1); len(d) != 1 || !d[0].OK || d[0].Message != "welcome" {
		t.Errorf("done %+v", d)
	}
}

// sealed makes a message that the other end of a pair would send, under its keys.
func sealed(c *Conn, kind isakmp.ExchangeType, id uint32, payloads ...isakmp.Payload) []byte {
	x := c.chain.Exchange(c.auth.hash, id)
	b, err := c.auth.seal(&x, c.header(kind, id), c.messageHash(id), payloads...)
	if err != nil {
		panic(err)
	}
	return b
}

// request is a REQUEST of the gateway, with attributes as they are.
func request(as ...isakmp.Attribute) isakmp.Config {
	return isakmp.Config{Kind: isakmp.ConfigRequest, Identifier: 0x1234, Attributes: as}
}

// manual is a pair whose gateway asks nothing by itself, stopped when phase 1 is up.
func manual(t testing.TB) *pair {
	p := newPair(t, testConfig(), testServer())
	p.srv.XAUTH = false
	cfg := testServer()
	cfg.XAUTH = true
	p.server = Accept(p.now, cfg)
	p.drive(200 * time.Millisecond)
	if _, up := p.client.ISAKMPSA(); !up {
		t.Fatal("no ISAKMP SA")
	}
	return p
}

func (p *pair) inject(b []byte) []Event {
	return p.client.Receive(p.now, Datagram{Remote: netip.AddrPortFrom(gatewayAddr.Addr(), 4500), Marker: true, Data: b})
}

// replies decrypts what the client sent in these events.
func replies(p *pair, chain bool, events []Event, id uint32, first []byte) (out []isakmp.Config) {
	for _, e := range events {
		s, ok := e.(Send)
		if !ok {
			continue
		}
		x := p.server.chain.Exchange(p.server.auth.hash, id)
		if chain {
			x.Advance(first)
		}
		h, _ := isakmp.ParseHeader(s.Data)
		m, err := p.server.auth.open(x, h, s.Data[isakmp.HeaderLen:])
		if err != nil {
			p.t.Fatal(err)
		}
		c, _, _ := get[isakmp.Config](m.payloads)
		out = append(out, c)
	}
	return out
}

func TestXAUTHReplyForm(t *testing.T) {
	p := manual(t)
	q := request(isakmp.TV(isakmp.XAUTHType, 0), isakmp.TLV(isakmp.XAUTHUserName, nil), isakmp.TLV(isakmp.XAUTHPassword, nil), isakmp.TV(0x7d88, 1))
	b := sealed(p.server, isakmp.Transaction, 77, q)
	ev := p.inject(b)
	if len(find[AskXAUTH](ev)) != 1 {
		t.Fatalf("events %v", ev)
	}
	if again := p.inject(b); len(find[AskXAUTH](again)) != 0 || len(find[Send](again)) != 0 {
		t.Error("a repeated question while the user types was answered or asked again")
	}
	ev = p.client.Answer(p.now, XAUTHAnswer{Round: 1, Fields: map[string]Secret{"username": Secret("alice"), "password": Secret("pw")}})
	r := replies(p, true, ev, 77, b[isakmp.HeaderLen:])
	if len(r) != 1 || r[0].Kind != isakmp.ConfigReply || r[0].Identifier != 0x1234 || len(r[0].Attributes) != 3 ||
		r[0].Attributes[0].Type != isakmp.XAUTHType || string(r[0].Attributes[2].Value) != "pw" {
		t.Fatalf("reply %+v", r)
	}
	again := p.inject(b)
	if s := find[Send](again); len(s) != 1 || !bytes.Equal(s[0].Data, find[Send](ev)[0].Data) {
		t.Error("a repeated question was not answered with the same bytes")
	}
	if ev := p.client.Answer(p.now, XAUTHAnswer{Round: 1}); len(find[Send](ev)) != 0 {
		t.Error("the same round was answered twice")
	}
}

func TestXAUTHCancel(t *testing.T) {
	p := manual(t)
	b := sealed(p.server, isakmp.Transaction, 78, request(isakmp.TLV(isakmp.XAUTHPassword, nil)))
	p.inject(b)
	r := replies(p, true, p.client.Answer(p.now, XAUTHAnswer{Round: 1, Cancel: true}), 78, b[isakmp.HeaderLen:])
	if len(r) != 1 || len(r[0].Attributes) != 1 || r[0].Attributes[0].Type != isakmp.XAUTHStatus {
		t.Fatalf("reply %+v", r)
	}
	if v, _ := r[0].Attributes[0].Uint(); v != isakmp.XAUTHFail {
		t.Errorf("status %d", v)
	}
}

// A gateway that remembers the client says only STATUS=1; one that forgets it asks nothing and says no.
func TestLoneStatus(t *testing.T) {
	for _, ok := range []bool{true, false} {
		for _, tv := range []bool{true, false} {
			p := manual(t)
			v := byte(0)
			if ok {
				v = 1
			}
			a := isakmp.TLV(isakmp.XAUTHStatus, []byte{0, v})
			if tv {
				a = isakmp.TV(isakmp.XAUTHStatus, uint16(v))
			}
			b := sealed(p.server, isakmp.Transaction, 79, isakmp.Config{Kind: isakmp.ConfigSet, Attributes: []isakmp.Attribute{a}})
			ev := p.inject(b)
			d := find[XAUTHDone](ev)
			if len(d) != 1 || d[0].OK != ok || len(find[Failed](ev)) == 1 == ok {
				t.Errorf("ok %v, TV %v: %v", ok, tv, ev)
			}
		}
	}
}

// NetScreen and SRX set the configuration before the verdict: it is acknowledged and kept, and used only after it.
func TestConfigurationBeforeVerdict(t *testing.T) {
	p := manual(t)
	as := p.net.attributes()
	ev := p.inject(sealed(p.server, isakmp.Transaction, 80, isakmp.Config{Kind: isakmp.ConfigSet, Identifier: 5, Attributes: as}))
	if len(find[Configured](ev)) != 0 || len(find[Send](ev)) != 1 {
		t.Fatalf("before the verdict: %v", ev)
	}
	b := sealed(p.server, isakmp.Transaction, 80, isakmp.Config{Kind: isakmp.ConfigSet, Identifier: 5, Attributes: as})
	ack := replies(p, true, ev, 80, b[isakmp.HeaderLen:])[0]
	if ack.Kind != isakmp.ConfigAck || len(ack.Attributes) != len(as) || len(ack.Attributes[0].Value) != 0 || ack.Identifier != 5 {
		t.Errorf("acknowledged with %+v", ack)
	}
	ev = p.inject(sealed(p.server, isakmp.Transaction, 81, isakmp.Config{Kind: isakmp.ConfigSet, Attributes: []isakmp.Attribute{isakmp.TV(isakmp.XAUTHStatus, 1)}}))
	if c := find[Configured](ev); len(c) != 1 || c[0].Net.Address != p.net.Address {
		t.Errorf("after the verdict: %v", ev)
	}
	// A push on the live tunnel is taken too.
	ev = p.inject(sealed(p.server, isakmp.Transaction, 82, isakmp.Config{Kind: isakmp.ConfigSet, Attributes: (ModeConfig{Banner: "later", PFS: -1}).attributes()}))
	if c := find[Configured](ev); len(c) != 0 && c[0].Net.Banner != "later" {
		t.Errorf("a later push: %v", ev)
	}
}

// What a gateway may push, and what of it is left out.
func TestHostileModeConfig(t *testing.T) {
	ip := func(s string) []byte { return netip.MustParseAddr(s).AsSlice() }
	net := func(s ...string) []byte {
		var n []netip.Prefix
		for _, x := range s {
			n = append(n, netip.MustParsePrefix(x))
		}
		return isakmp.SplitValue(n...)
	}
	many := func(kind uint16, n int) (as []isakmp.Attribute) {
		for i := range n {
			as = append(as, isakmp.TLV(kind, []byte{10, 0, byte(i >> 8), byte(i)}))
		}
		return as
	}
	tests := []struct {
		name string
		as   []isakmp.Attribute
		ok   func(n ModeConfig) bool
		drop int
	}{
		{"loopback address", []isakmp.Attribute{isakmp.TLV(1, ip("127.0.0.1"))}, func(n ModeConfig) bool { return !n.Address.IsValid() }, 1},
		{"multicast address", []isakmp.Attribute{isakmp.TLV(1, ip("224.0.0.5"))}, func(n ModeConfig) bool { return !n.Address.IsValid() }, 1},
		{"the gateway's own address", []isakmp.Attribute{isakmp.TLV(1, ip("198.51.100.101"))}, func(n ModeConfig) bool { return !n.Address.IsValid() }, 1},
		{"address of three bytes", []isakmp.Attribute{isakmp.TLV(1, []byte{10, 0, 0})}, func(n ModeConfig) bool { return !n.Address.IsValid() }, 1},
		{"loopback server", []isakmp.Attribute{isakmp.TLV(3, ip("127.0.0.53"))}, func(n ModeConfig) bool { return len(n.DNS) == 0 }, 1},
		{"hundred servers", many(3, 100), func(n ModeConfig) bool { return len(n.DNS) == 6 }, 64},
		{"metadata network", []isakmp.Attribute{isakmp.TLV(28676, net("169.254.0.0/16", "10.0.0.0/8"))}, func(n ModeConfig) bool { return len(n.Include) == 1 }, 1},
		{"loopback inside a wider network", []isakmp.Attribute{isakmp.TLV(28676, net("64.0.0.0/2"))}, func(n ModeConfig) bool { return len(n.Include) == 0 }, 1},
		{"everything", []isakmp.Attribute{isakmp.TLV(28676, net("0.0.0.0/0", "10.0.0.0/8"))}, func(n ModeConfig) bool { return n.Include == nil }, 0},
		{"mask with holes", []isakmp.Attribute{isakmp.TLV(28676, []byte{10, 0, 0, 0, 255, 0, 255, 0, 0, 0, 0, 0, 0, 0})}, func(n ModeConfig) bool { return len(n.Include) == 0 }, 1},
		{"everything outside", []isakmp.Attribute{isakmp.TLV(28678, net("0.0.0.0/0"))}, func(n ModeConfig) bool { return len(n.Exclude) == 0 }, 1},
		{"shell in a domain", []isakmp.Attribute{isakmp.TLV(28675, []byte("corp.example,$(reboot),a b\nnameserver 1.2.3.4"))},
			func(n ModeConfig) bool { return !strings.ContainsAny(strings.Join(n.SplitDNS, ""), "$() \n") }, 1},
		{"a banner of 60 kB", []isakmp.Attribute{isakmp.TLV(28672, bytes.Repeat([]byte("x"), 60000))}, func(n ModeConfig) bool { return len(n.Banner) == maxText }, 0},
		{"save password as TLV", []isakmp.Attribute{isakmp.TLV(28673, []byte{0, 1})}, func(n ModeConfig) bool { return n.SavePassword }, 0},
		{"save password as TV", []isakmp.Attribute{isakmp.TV(28673, 1)}, func(n ModeConfig) bool { return n.SavePassword }, 0},
		{"an empty list of backups", []isakmp.Attribute{isakmp.TLV(28681, nil)}, func(n ModeConfig) bool { return n.BackupSaid && len(n.BackupServers) == 0 }, 0},
		{"many backups", []isakmp.Attribute{isakmp.TLV(28681, []byte(strings.Repeat("gw.example,", 40)))}, func(n ModeConfig) bool { return len(n.BackupServers) == 10 }, 1},
		{"unknown attributes", []isakmp.Attribute{isakmp.TLV(4711, []byte("?")), isakmp.TV(28683, 1)}, func(n ModeConfig) bool { return true }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := readModeConfig(tt.as, gatewayAddr.Addr())
			if !tt.ok(n) || len(n.Dropped) != tt.drop {
				t.Errorf("%+v", n)
			}
		})
	}
	var nets []netip.Prefix
	for i := range 400 {
		nets = append(nets, netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.0/24", i/250, i%250)))
	}
	if n := readModeConfig([]isakmp.Attribute{isakmp.TLV(28676, isakmp.SplitValue(nets...))}, gatewayAddr.Addr()); len(n.Include) != 256 {
		t.Errorf("%d networks of 400", len(n.Include))
	}
}

package keymat_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	. "ezvpn/ike/keymat"
)

// transcript writes a whole conversation from fixed inputs with the codec and the key schedule, and holds every
// datagram against the own fixtures of vectors.txt, which another program computed.
type transcript struct {
	t      *testing.T
	want   map[string][]byte
	ci, cr isakmp.Cookie
	keys   Keys
	phase1 Chain
}

func (s *transcript) same(name string, got []byte) {
	s.t.Helper()
	if want := s.want[name]; len(want) == 0 || !bytes.Equal(got, want) {
		s.t.Errorf("%s is %x, want %x", name, got, want)
	}
}

// send writes one encrypted message and gives the chain that follows.
func (s *transcript) send(name string, x isakmp.ExchangeType, mid uint32, c Chain, hash []byte, after ...isakmp.Payload) Chain {
	s.t.Helper()
	plain := isakmp.AppendPayloads(nil, append([]isakmp.Payload{isakmp.Hash{Data: hash}}, after...)...)
	text, err := AES.Encrypt(s.keys.Key, c.IV(), AES.Pad(plain))
	if err != nil {
		s.t.Fatal(err)
	}
	h := isakmp.Header{Initiator: s.ci, Responder: s.cr, Next: isakmp.TypeHash, Exchange: x, Flags: isakmp.Encrypted,
		MessageID: mid, Length: uint32(isakmp.HeaderLen + len(text))}
	s.same(name, append(h.Append(nil), text...))
	c.Advance(text)
	return c
}

func (s *transcript) hash(mid uint32, after ...isakmp.Payload) []byte {
	return MessageHash(SHA1, s.keys.A, mid, isakmp.AppendPayloads(nil, after...))
}

// count gives n bytes that count up from first, as the fixtures use for nonces.
func count(first, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(first + i)
	}
	return b
}

func TestTranscript(t *testing.T) {
	s := &transcript{t: t, want: capturetest.Vectors(t), ci: cookie("1122334455667788"), cr: cookie("99aabbccddeeff00")}
	s.phaseOne()
	s.transactions()
	s.quickMode()
	dpd := isakmp.Notify{DOI: 1, Protocol: isakmp.ProtocolISAKMP, SPI: append(s.ci[:], s.cr[:]...), Kind: isakmp.RUThere, Data: x("12345678")}
	mid := uint32(0x0dd0dd01)
	s.send("DPD R-U-THERE", isakmp.Informational, mid, s.phase1.Exchange(SHA1, mid), s.hash(mid, dpd), dpd)
	del := isakmp.Delete{DOI: 1, Protocol: isakmp.ProtocolESP, SPISize: 4, SPIs: [][]byte{x("c1c2c3c4")}}
	s.same("DELETE ESP plaintext", AES.Pad(isakmp.AppendPayloads(nil, isakmp.Hash{Data: s.hash(0x0dd0dd02, del)}, del)))
	all := isakmp.Delete{DOI: 1, Protocol: isakmp.ProtocolISAKMP, SPISize: 16, SPIs: [][]byte{append(s.ci[:], s.cr[:]...)}}
	s.same("DELETE ISAKMP plaintext", AES.Pad(isakmp.AppendPayloads(nil, isakmp.Hash{Data: s.hash(0x0dd0dd03, all)}, all)))
}

func (s *transcript) phaseOne() {
	i, r := MODPPair(MODP1024, s.want["xi"]), MODPPair(MODP1024, s.want["xr"])
	s.same("g^xi", i.Public())
	s.same("g^xr", r.Public())
	gxy, err := i.Shared(r.Public())
	if err != nil {
		s.t.Fatal(err)
	}
	s.same("g^xy", gxy)
	sa := isakmp.SA{DOI: 1, Situation: 1, Proposals: []isakmp.Proposal{{Number: 1, Protocol: isakmp.ProtocolISAKMP,
		Transforms: []isakmp.Transform{{Number: 1, ID: isakmp.KeyIKE, Attributes: []isakmp.Attribute{
			isakmp.TV(isakmp.Phase1Encryption, uint16(AES)), isakmp.TV(isakmp.Phase1KeyLength, 256),
			isakmp.TV(isakmp.Phase1Hash, uint16(SHA1)), isakmp.TV(isakmp.Phase1Auth, isakmp.AuthXAUTHInitPreShared),
			isakmp.TV(isakmp.Phase1Group, uint16(MODP1024)), isakmp.TV(isakmp.Phase1LifeType, isakmp.LifeSeconds),
			isakmp.TLV(isakmp.Phase1LifeDuration, binary.BigEndian.AppendUint32(nil, 86400)),
		}}}}}}
	ni, nr := count(0, 20), count(0x20, 20)
	idi := isakmp.ID{Kind: isakmp.IDKeyID, Protocol: 17, Port: 500, Data: []byte("EZGROUP")}
	idr := isakmp.ID{Kind: isakmp.IDIPv4, Protocol: 17, Port: 500, Data: []byte{192, 0, 2, 1}}
	s.same("SAi_b", sa.AppendBody(nil))
	s.same("IDii_b", idi.AppendBody(nil))
	s.same("IDir_b", idr.AppendBody(nil))
	s.same("AM1", isakmp.AppendMessage(nil, isakmp.Header{Initiator: s.ci, Exchange: isakmp.Aggressive}, sa, isakmp.KE{Data: i.Public()},
		isakmp.Nonce{Data: ni}, idi, isakmp.Vendor{Data: isakmp.VendorXAUTH}, isakmp.Vendor{Data: isakmp.VendorUnity},
		isakmp.Vendor{Data: isakmp.VendorNATTRFC}, isakmp.Vendor{Data: isakmp.VendorDPD}))
	if s.keys, err = Derive(SHA1, AES, 256, PreSharedSKEYID(SHA1, []byte("group-secret"), ni, nr), gxy, s.ci, s.cr); err != nil {
		s.t.Fatal(err)
	}
	s.same("SKEYID", s.keys.SKEYID)
	s.same("SKEYID_d", s.keys.D)
	s.same("SKEYID_a", s.keys.A)
	s.same("SKEYID_e", s.keys.E)
	s.same("Ka(AES-256)", s.keys.Key)
	initiator := Side{i.Public(), s.ci, idi.AppendBody(nil)}
	responder := Side{r.Public(), s.cr, idr.AppendBody(nil)}
	hashI := IdentityHash(SHA1, s.keys.SKEYID, initiator, responder, sa.AppendBody(nil))
	s.same("HASH_I", hashI)
	s.same("HASH_R", IdentityHash(SHA1, s.keys.SKEYID, responder, initiator, sa.AppendBody(nil)))
	s.phase1 = InitialChain(SHA1, AES, i.Public(), r.Public())
	s.same("IV0", s.phase1.IV())
	gateway := NATD(SHA1, s.ci, s.cr, netip.MustParseAddrPort("192.0.2.1:500"))
	client := NATD(SHA1, s.ci, s.cr, netip.MustParseAddrPort("10.0.0.2:500"))
	s.same("NAT-D(192.0.2.1:500)", gateway)
	s.same("NAT-D(10.0.0.2:500)", client)
	first := isakmp.Notify{DOI: 1, Protocol: isakmp.ProtocolISAKMP, SPI: append(s.ci[:], s.cr[:]...), Kind: isakmp.InitialContact}
	s.phase1 = s.send("AM3", isakmp.Aggressive, 0, s.phase1, hashI, first,
		isakmp.NATD{Number: isakmp.TypeNATD, Data: gateway}, isakmp.NATD{Number: isakmp.TypeNATD, Data: client})
	s.same("last phase-1 block", s.phase1.IV())
}

func (s *transcript) transactions() {
	pair := func(mid uint32, names [2]string, configs [2]isakmp.Config) {
		c := s.phase1.Exchange(SHA1, mid)
		for i, p := range configs {
			c = s.send(names[i], isakmp.Transaction, mid, c, s.hash(mid, p), p)
		}
	}
	pair(0xa1b2c3d4, [2]string{"XAUTH REQUEST (gw)", "XAUTH REPLY (client)"}, [2]isakmp.Config{
		{Kind: isakmp.ConfigRequest, Identifier: 0x5566, Attributes: []isakmp.Attribute{isakmp.TV(isakmp.XAUTHType, 0),
			isakmp.TLV(isakmp.XAUTHUserName, nil), isakmp.TLV(isakmp.XAUTHPassword, nil)}},
		{Kind: isakmp.ConfigReply, Identifier: 0x5566, Attributes: []isakmp.Attribute{isakmp.TV(isakmp.XAUTHType, 0),
			isakmp.TLV(isakmp.XAUTHUserName, []byte("alice")), isakmp.TLV(isakmp.XAUTHPassword, []byte("s3cret"))}},
	})
	pair(0xa1b2c3d5, [2]string{"XAUTH SET ok (gw)", "XAUTH ACK (client)"}, [2]isakmp.Config{
		{Kind: isakmp.ConfigSet, Identifier: 0x5566, Attributes: []isakmp.Attribute{isakmp.TV(isakmp.XAUTHStatus, isakmp.XAUTHOK)}},
		{Kind: isakmp.ConfigAck, Identifier: 0x5566, Attributes: []isakmp.Attribute{isakmp.TLV(isakmp.XAUTHStatus, nil)}},
	})
	request := isakmp.Config{Kind: isakmp.ConfigRequest, Identifier: 20}
	for _, kind := range []uint16{isakmp.ConfigIPv4Address, isakmp.ConfigIPv4Netmask, isakmp.ConfigIPv4DNS,
		isakmp.ConfigIPv4NBNS, isakmp.UnityDefaultDomain, isakmp.UnityPFS, isakmp.UnityBanner, isakmp.UnitySavePassword,
		isakmp.UnitySplitInclude, isakmp.UnitySplitDNS} {
		request.Attributes = append(request.Attributes, isakmp.TLV(kind, nil))
	}
	pair(0x0a0b0c0d, [2]string{"MODECFG REQUEST (client)", "MODECFG REPLY (gw)"}, [2]isakmp.Config{request,
		{Kind: isakmp.ConfigReply, Identifier: 20, Attributes: []isakmp.Attribute{
			isakmp.TLV(isakmp.ConfigIPv4Address, []byte{10, 9, 8, 7}), isakmp.TLV(isakmp.ConfigIPv4Netmask, []byte{255, 255, 255, 255}),
			isakmp.TLV(isakmp.ConfigIPv4DNS, []byte{10, 0, 0, 53}), isakmp.TLV(isakmp.UnityDefaultDomain, []byte("corp.example")),
			isakmp.TV(isakmp.UnityPFS, 0), isakmp.TLV(isakmp.UnityBanner, []byte("hello\n")), isakmp.TV(isakmp.UnitySavePassword, 1),
			isakmp.TLV(isakmp.UnitySplitInclude, isakmp.SplitValue(netip.MustParsePrefix("10.0.0.0/8"))),
			isakmp.TLV(isakmp.UnitySplitDNS, []byte("corp.example,lab.example")),
		}},
	})
}

func (s *transcript) quickMode() {
	const mid = 0x01020304
	offer := func(spi string) isakmp.SA {
		return isakmp.SA{DOI: 1, Situation: 1, Proposals: []isakmp.Proposal{{Number: 1, Protocol: isakmp.ProtocolESP, SPI: x(spi),
			Transforms: []isakmp.Transform{{Number: 1, ID: isakmp.ESPAESCBC, Attributes: []isakmp.Attribute{
				isakmp.TV(isakmp.Phase2LifeType, isakmp.LifeSeconds),
				isakmp.TLV(isakmp.Phase2LifeDuration, binary.BigEndian.AppendUint32(nil, 3600)),
				isakmp.TV(isakmp.Phase2Encapsulation, isakmp.NATTRFC.UDPTunnel()),
				isakmp.TV(isakmp.Phase2Auth, isakmp.AuthHMACSHA1), isakmp.TV(isakmp.Phase2KeyLength, 256),
			}}}}}}
	}
	ids := []isakmp.Payload{isakmp.AddrID(netip.MustParseAddr("10.9.8.7")), isakmp.SubnetID(netip.MustParsePrefix("0.0.0.0/0"))}
	ni, nr := count(0x40, 20), count(0x60, 20)
	one := append([]isakmp.Payload{offer("c1c2c3c4"), isakmp.Nonce{Data: ni}}, ids...)
	two := append([]isakmp.Payload{offer("d1d2d3d4"), isakmp.Nonce{Data: nr}}, ids...)
	c := s.send("QM1 (client)", isakmp.QuickMode, mid, s.phase1.Exchange(SHA1, mid), s.hash(mid, one...), one...)
	c = s.send("QM2 (gw)", isakmp.QuickMode, mid, c, Hash2(SHA1, s.keys.A, mid, ni, isakmp.AppendPayloads(nil, two...)), two...)
	s.send("QM3 (client)", isakmp.QuickMode, mid, c, Hash3(SHA1, s.keys.A, mid, ni, nr))
	q := Quick{Hash: SHA1, SKEYIDD: s.keys.D, Ni: ni, Nr: nr}
	in, out := q.KEYMAT(0xc1c2c3c4, 52), q.KEYMAT(0xd1d2d3d4, 52)
	s.same("KEYMAT inbound  (client SPI c1c2c3c4) AES-256 key", in[:32])
	s.same("KEYMAT inbound  HMAC-SHA1 key", in[32:])
	s.same("KEYMAT outbound (gw SPI d1d2d3d4) AES-256 key", out[:32])
	s.same("KEYMAT outbound HMAC-SHA1 key", out[32:])
}

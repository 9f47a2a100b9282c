package isakmp_test

import (
	"bytes"
	"crypto/md5"
	"testing"

	. "ezvpn/ike/isakmp"
)

// Vendor IDs are the MD5 of the text that they stand for; Cisco puts a version in place of the last two bytes.
func TestVendorIDsAreHashes(t *testing.T) {
	for text, v := range map[string][]byte{
		"RFC 3947":                             VendorNATTRFC,
		"draft-ietf-ipsec-nat-t-ike-03":        VendorNATTDraft03,
		"draft-ietf-ipsec-nat-t-ike-02\n":      VendorNATTDraft02n,
		"draft-ietf-ipsec-nat-t-ike-02":        VendorNATTDraft02,
		"draft-ietf-ipsec-nat-t-ike-01":        VendorNATTDraft01,
		"draft-ietf-ipsec-nat-t-ike-00":        VendorNATTDraft00,
		"FRAGMENTATION":                        VendorFragmentation[:16],
		"CISCO-UNITY":                          VendorUnity[:14],
		"CISCO-DEAD-PEER-DETECTION":            VendorDPD[:14],
		"draft-ietf-ipsra-isakmp-xauth-06.txt": VendorXAUTH,
	} {
		if sum := md5.Sum([]byte(text)); !bytes.HasPrefix(sum[:], v) {
			t.Errorf("vendor ID of %q is %x, want %x", text, v, sum)
		}
	}
	for text, name := range map[string]string{
		"draft-ietf-ipsec-nat-t-ike-04": "NAT-T draft 04", "draft-ietf-ipsec-nat-t-ike-05": "NAT-T draft 05",
		"draft-ietf-ipsec-nat-t-ike-06": "NAT-T draft 06", "draft-ietf-ipsec-nat-t-ike-07": "NAT-T draft 07",
		"draft-ietf-ipsec-nat-t-ike-08": "NAT-T draft 08", "draft-ietf-ipsec-nat-t-ike": "NAT-T draft",
		"FORTIGATE": "FortiGate", "Fortinet Endpoint Control": "Fortinet endpoint control",
		"forticlient connect license": "FortiClient connect license",
		"ALTIGA GATEWAY":              "Cisco VPN 3000 concentrator", "ALTIGA NETWORKS": "Cisco VPN 3000 client",
		"strongSwan": "strongSwan", "Vid-Initial-Contact": "initial contact",
	} {
		if sum := md5.Sum([]byte(text)); VendorName(sum[:]) != name {
			t.Errorf("MD5 of %q is called %q, want %q", text, VendorName(sum[:]), name)
		}
	}
}

func TestVendorNames(t *testing.T) {
	for id, want := range map[string]string{
		"09002689dfd6b712":                         NameXAUTH,
		"09002689dfd6b71280a224dec33b81e5":         NameXAUTH, // the long form
		"12f5f28c457168a9702d9fe274cc0100":         NameUnity,
		"12f5f28c457168a9702d9fe274cc0204":         NameUnity, // another version
		"afcad71368a1f1c96b8696fc77570101":         NameDPD,
		"4048b7d56ebce88525e7de7f00d6c2d3":         NameFragmentation,
		"4048b7d56ebce88525e7de7f00d6c2d380000000": NameFragmentation,
		"1f07f70eaa6514d3b0fa96542a500305":         "Cisco VPN 3000 concentrator",
		"8299031757a36082c6a621de0005013e":         "FortiGate",
		"12f5f28c457168a9702d9fe274":               "", // cut
		"":                                         "",
		"00112233":                                 "",
	} {
		if got := VendorName(x(id)); got != want {
			t.Errorf("%s is called %q, want %q", id, got, want)
		}
	}
	if got := (Vendor{x("00112233")}).String(); got != "00112233" {
		t.Errorf("an unknown vendor ID prints as %q", got)
	}
}

func TestNATTVariant(t *testing.T) {
	all := []Vendor{{VendorNATTDraft00}, {VendorNATTDraft02n}, {VendorNATTRFC}, {VendorNATTDraft03}, {VendorDPD}}
	for _, v := range []struct {
		vendors    []Vendor
		want       NATT
		natd, oa   PayloadType
		encapsulat uint16
	}{
		{nil, NATTNone, TypeNATDDraft, TypeNATOADraft, EncapUDPTunnelDraft},
		{all[:1], NATTNone, TypeNATDDraft, TypeNATOADraft, EncapUDPTunnelDraft},
		{all[:2], NATTDraft, 130, 131, 61443},
		{all[3:], NATTDraft, 130, 131, 61443},
		{all, NATTRFC, 20, 21, 3},
	} {
		n := ChooseNATT(v.vendors)
		if n != v.want || n.NATD() != v.natd || n.NATOA() != v.oa || n.UDPTunnel() != v.encapsulat {
			t.Errorf("%v: %v, %d, %d, %d", v.vendors, n, n.NATD(), n.NATOA(), n.UDPTunnel())
		}
	}
	if !IsUDPTunnel(3) || !IsUDPTunnel(61443) || IsUDPTunnel(1) || IsUDPTunnel(4) || IsUDPTunnel(1<<32+3) {
		t.Error("encapsulation modes are mixed up")
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		Aggressive.String(): "Aggressive Mode", QuickMode.String(): "Quick Mode", ExchangeType(33).String(): "exchange 33",
		TypeNATDDraft.String(): "NAT-D draft", PayloadType(200).String(): "payload 200",
		NotifyName(14): "NO-PROPOSAL-CHOSEN", NotifyName(24): "AUTHENTICATION-FAILED", NotifyName(36136): "R-U-THERE",
		NotifyName(40501): "UNITY-LOAD-BALANCE", NotifyName(9999): "NOTIFY-9999",
		IDName(11): "KEY_ID", IDName(99): "ID type 99", ProtocolName(3): "ESP", ProtocolName(9): "protocol 9",
		ConfigKindName(3): "SET", ConfigKindName(9): "CFG-9", ConfigName(28676): "UNITY_SPLIT_INCLUDE",
		ConfigName(16527): "XAUTH-STATUS", ConfigName(1): "INTERNAL_IP4_ADDRESS", ConfigName(999): "attribute 999",
		Phase1Name(14): "key length", Phase2Name(4): "encapsulation mode", Phase2Name(99): "attribute 99",
		AuthName(65001): "XAUTH pre-shared key, initiator", AuthName(2): "method 2",
		Notify{Kind: RUThereAck}.String(): "R-U-THERE-ACK",
		Config{Kind: ConfigReply, Attributes: []Attribute{TLV(XAUTHPassword, []byte("s3cret"))}}.String(): "REPLY XAUTH-USER-PASSWORD",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if !(Notify{Kind: 14}).IsError() || (Notify{Kind: RUThere}).IsError() || (Notify{Kind: Connected}).IsError() {
		t.Error("errors and status types are mixed up")
	}
}

package isakmp

import (
	"bytes"
	"encoding/hex"
)

// Vendor IDs. Most are the MD5 of a string that names them.
var (
	VendorXAUTH         = vid("09002689dfd6b712")
	VendorUnity         = vid("12f5f28c457168a9702d9fe274cc0100")
	VendorDPD           = vid("afcad71368a1f1c96b8696fc77570100")
	VendorFragmentation = vid("4048b7d56ebce88525e7de7f00d6c2d3c0000000") // Main and Aggressive Mode
	VendorNATTRFC       = vid("4a131c81070358455c5728f20e95452f")
	VendorNATTDraft03   = vid("7d9419a65310ca6f2c179d9215529d56")
	VendorNATTDraft02n  = vid("90cb80913ebb696e086381b5ec427b1f") // hashed with a trailing newline
	VendorNATTDraft02   = vid("cd60464335df21f87cfdb2fc68b6a448")
	VendorNATTDraft01   = vid("16f6ca16e4a4066d83821a0f0aeaa862")
	VendorNATTDraft00   = vid("4485152d18b6bbcd0be8a8469579ddcc")
)

// Names of the vendor IDs that change what is done.
const (
	NameXAUTH         = "XAUTH"
	NameUnity         = "Cisco Unity"
	NameDPD           = "DPD"
	NameFragmentation = "IKE fragmentation"
	NameNATTRFC       = "NAT-T RFC 3947"
	NameNATTDraft03   = "NAT-T draft 03"
	NameNATTDraft02n  = "NAT-T draft 02\\n"
	NameNATTDraft02   = "NAT-T draft 02"
	NameNATTDraft01   = "NAT-T draft 01"
	NameNATTDraft00   = "NAT-T draft 00"
)

// vendors are prefixes: versions and capability bytes follow some of them.
var vendors = []struct {
	prefix []byte
	name   string
}{
	{VendorXAUTH, NameXAUTH},
	{VendorUnity[:14], NameUnity},
	{VendorDPD[:14], NameDPD},
	{VendorFragmentation[:16], NameFragmentation},
	{VendorNATTRFC, NameNATTRFC},
	{VendorNATTDraft03, NameNATTDraft03},
	{VendorNATTDraft02n, NameNATTDraft02n},
	{VendorNATTDraft02, NameNATTDraft02},
	{VendorNATTDraft01, NameNATTDraft01},
	{VendorNATTDraft00, NameNATTDraft00},
	{vid("9909b64eed937c6573de52ace952fa6b"), "NAT-T draft 04"},
	{vid("80d0bb3def54565ee84645d4c85ce3ee"), "NAT-T draft 05"},
	{vid("4d1e0e136deafa34c4f3ea9f02ec7285"), "NAT-T draft 06"},
	{vid("439b59f8ba676c4c7737ae22eab8f582"), "NAT-T draft 07"},
	{vid("8f8d83826d246b6fc7a8a6a428c11de8"), "NAT-T draft 08"},
	{vid("4df37928e9fc4fd1b3262170d515c662"), "NAT-T draft"},
	{vid("3b9031dce4fcf88b489a923963dd0c49"), "DPD NG"},
	{vid("1f07f70eaa6514d3b0fa96542a50"), "Cisco VPN 3000 concentrator"},
	{vid("f6f7efc7f5aeb8cb158cb9d094ba69e7"), "Cisco VPN 3000 client"},
	{vid("2d7922c6b301d9b0e1342739e9cfbbd5"), "Cisco delete with reason"},
	{vid("126e1f577291153b20485f7f155b4bc8"), "Cisco VPN client"}, // what it stands for is not known
	{vid("4865617274426561745f4e6f74696679"), "heartbeat notify"},
	{vid("8299031757a36082c6a621de"), "FortiGate"},
	{vid("1d6e178f6c2c0be284985465450fe9d4"), "FortiGate"},
	{vid("b4f01ca951e9da8d0bafbbd34ad3044e"), "Fortinet endpoint control"},
	{vid("4c53427b6d465d1b337bb755a37a7fef"), "FortiClient connect license"},
	{vid("f4ed19e0c114eb516faaac0ee37daf2807b4381f"), "Check Point"},
	{vid("699369228741c6d4ca094c93e242c9de19e7b7c6"), "NetScreen"},
	{vid("fd808804df73b15150709d878044cde0ac1efcde"), "Juniper SRX"},
	{vid("f14b94b7bff1fef02773b8c49feded26"), "Shrew Soft"},
	{vid("7003cbc1097dbe9c2600ba6983bc8b35"), "KAME racoon"},
	{vid("20a3622c1cea7ce37bee3ca484425276"), "ipsec-tools"},
	{vid("882fe56d6fd20dbc2251613b2ebe5beb"), "strongSwan"},
	{vid("1e2b516905991c7d7c96fcbfb587e461"), "Windows"},
	{vid("26244d38eddb61b3172a36e3d0cfb819"), "initial contact"},
	{vid("424e4553000000"), "Nortel Contivity"},
	{vid("dbfb81eb5760b0788562067da102d755"), "Netgear"},
}

// vid reads a vendor ID written in this file; the tests read all of them.
func vid(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// VendorName is the name of a vendor ID, matched by prefix where a version or capabilities follow; "" if unknown.
func VendorName(b []byte) string {
	for _, v := range vendors {
		if bytes.HasPrefix(b, v.prefix) {
			return v.name
		}
	}
	return ""
}

// String is the name, or the ID in hex.
func (p Vendor) String() string {
	if s := VendorName(p.Data); s != "" {
		return s
	}
	return hex.EncodeToString(p.Data)
}

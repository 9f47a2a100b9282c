package profile

// What is offered where the profile names no proposals. Weak ones are offered only where security.allow names them, and
// last. The Diffie-Hellman groups come in the order of the attempts, 2048, 1536, then 1024 bits, since an Aggressive
// Mode exchange has one (RFC 2409 §5.4). IOS knows AES-GCM only in IKEv2, so it comes after AES-CBC.
var (
	defaultIKE = []string{
		"aes256-sha256-modp2048", "aes128-sha256-modp2048", "aes256-sha1-modp2048", "aes128-sha1-modp2048",
		"aes256-sha256-modp1536", "aes128-sha256-modp1536", "aes256-sha1-modp1536", "aes128-sha1-modp1536",
		"3des-sha1-modp1536", "3des-md5-modp1536",
		"aes256-sha1-modp1024", "aes128-sha1-modp1024", "3des-sha1-modp1024", "3des-md5-modp1024",
	}
	defaultESP = []string{
		"aes256-sha256", "aes128-sha256", "aes256-sha1", "aes128-sha1", "aes256gcm16", "aes128gcm16",
		"3des-sha1", "aes128-md5", "3des-md5",
	}
)

// preset is what one kind of gateway wants, in the values of a profile.
type preset struct {
	name string
	doc  string
	set  map[string]any
}

// presets is written once and only read.
var presets = []preset{
	{"cisco", "Cisco IOS, ASA, PIX 7 and VPN 3000. No AES-GCM, which they know only in IKEv2; the gateway says whether it wants PFS.", map[string]any{
		"ike.proposals": defaultIKE,
		"esp.proposals": []string{"aes256-sha256", "aes128-sha256", "aes256-sha1", "aes128-sha1", "3des-sha1", "aes128-md5", "3des-md5"},
		"ike.lifetime":  int64(86400), "esp.lifetime": int64(28800), "group.id_type": "key-id", "esp.pfs": "none",
	}},
	{"fritzbox", "AVM FRITZ!Box, a user with the VPN right. It holds its own life of 3600 s, uses no PFS, and sends no list of networks: everything goes through the tunnel.", map[string]any{
		"ike.proposals": []string{"aes256-sha512-modp2048", "aes256-sha1-modp2048", "aes128-sha1-modp2048", "aes256-sha512-modp1024", "aes256-sha1-modp1024"},
		"esp.proposals": []string{"aes256-sha512", "aes256-sha1", "aes128-sha1", "3des-sha1"},
		"ike.lifetime":  int64(3600), "esp.lifetime": int64(3600), "group.id_type": "key-id", "esp.pfs": "none", "nat.mode": "force",
	}},
	{"fortigate", "Fortinet FortiGate dial-up, with the peer ID as group name. DH groups 14 and 5 are its default.", map[string]any{
		"ike.proposals": []string{"aes256-sha256-modp2048", "aes128-sha256-modp2048", "aes256-sha1-modp2048", "aes128-sha1-modp2048",
			"aes256-sha256-modp1536", "aes128-sha256-modp1536", "aes256-sha1-modp1536", "aes128-sha1-modp1536", "3des-sha1-modp1536"},
		"esp.proposals": []string{"aes256-sha256", "aes128-sha256", "aes256-sha1", "aes128-sha1", "3des-sha1"},
		"ike.lifetime":  int64(86400), "esp.lifetime": int64(28800), "group.id_type": "key-id",
	}},
	{"pfsense", "pfSense and OPNsense with a mobile client and \"Mutual PSK + XAuth\".", map[string]any{
		"ike.proposals": []string{"aes256-sha256-modp2048", "aes128-sha256-modp2048", "aes256-sha1-modp2048", "aes128-sha1-modp2048"},
		"esp.proposals": []string{"aes256-sha256", "aes128-sha256", "aes256-sha1", "aes128-sha1", "aes256gcm16", "aes128gcm16"},
		"ike.lifetime":  int64(28800), "esp.lifetime": int64(3600), "group.id_type": "key-id",
	}},
	{"zyxel", "Zyxel ZyWALL, USG and ATP with XAUTH; the group name is sent as FQDN.", map[string]any{
		"ike.proposals": []string{"aes256-sha256-modp2048", "aes128-sha256-modp2048", "aes256-sha1-modp2048", "aes128-sha1-modp2048",
			"aes256-sha1-modp1536", "aes128-sha1-modp1536", "aes128-sha1-modp1024", "3des-sha1-modp1024"},
		"esp.proposals": []string{"aes256-sha256", "aes128-sha256", "aes256-sha1", "aes128-sha1", "3des-sha1"},
		"ike.lifetime":  int64(86400), "esp.lifetime": int64(28800), "group.id_type": "fqdn",
	}},
	{"sophos", "Sophos Firewall remote access with a pre-shared key. Sophos UTM wants certificates, which this version does not have.", map[string]any{
		"ike.proposals": []string{"aes256-sha256-modp2048", "aes128-sha256-modp2048", "aes256-sha512-modp2048"},
		"esp.proposals": []string{"aes256-sha256", "aes128-sha256", "aes256-sha512"},
		"ike.lifetime":  int64(18000), "esp.lifetime": int64(3600), "group.id_type": "key-id",
	}},
	{"strongswan", "strongSwan and libreswan with Aggressive Mode and XAUTH allowed. AES-GCM comes first.", map[string]any{
		"ike.proposals": []string{"aes256-sha256-modp2048", "aes128-sha256-modp2048", "aes256-sha384-ecp256", "aes128-sha256-ecp256",
			"aes256-sha256-curve25519"},
		"esp.proposals": []string{"aes128gcm16", "aes256gcm16", "aes256-sha256", "aes128-sha256", "aes128-sha1"},
		"ike.lifetime":  int64(28800), "esp.lifetime": int64(3600), "group.id_type": "key-id",
	}},
}

func presetNames() []string {
	var out []string
	for _, p := range presets {
		out = append(out, p.name)
	}
	return out
}

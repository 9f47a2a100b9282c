package kit

import (
	"fmt"
	"strings"

	"ezvpn/client/status"
)

// isakmpLine is a row of ikev1_decryption_table: the initiator's cookie and the encryption key, in hex.
func isakmpLine(d status.Disclosure) []byte {
	return []byte(d.Cookie + "," + d.Key + "\n")
}

// ciphers and auths are Wireshark's names (epan/dissectors/packet-ipsec.c) by ours, without the length of the key, which
// Wireshark takes from the key itself.
var (
	ciphers = []struct{ ours, theirs string }{
		{"3DES-CBC", "TripleDES-CBC [RFC2451]"}, {"AES-CBC", "AES-CBC [RFC3602]"}, {"AES-GCM-16", "AES-GCM with 16 octet ICV [RFC4106]"},
	}
	auths = map[string]string{
		"HMAC-SHA1-96": "HMAC-SHA-1-96 [RFC2404]", "HMAC-MD5-96": "HMAC-MD5-96 [RFC2403]", "HMAC-SHA2-256-128": "HMAC-SHA-256-128 [RFC4868]",
		"HMAC-SHA2-384-192": "HMAC-SHA-384-192 [RFC4868]", "HMAC-SHA2-512-256": "HMAC-SHA-512-256 [RFC4868]",
	}
)

// espLine is a row of esp_sa: protocol, source, destination, SPI, encryption, key, authentication, key. An algorithm
// that Wireshark does not name gives none.
func espLine(d status.Disclosure) []byte {
	cipher := ""
	for _, c := range ciphers {
		if strings.HasPrefix(d.Suite, c.ours) {
			cipher = c.theirs
		}
	}
	auth, authKey := auths[d.Auth], "0x"+d.AuthKey
	if strings.HasPrefix(d.Suite, "AES-GCM") {
		auth, authKey = "NULL", "" // the ICV belongs to the cipher
	}
	if cipher == "" || auth == "" {
		return nil
	}
	return fmt.Appendf(nil, "\"IPv4\",\"%s\",\"%s\",\"%s\",\"%s\",\"0x%s\",\"%s\",\"%s\"\n", d.From, d.To, d.SPI, cipher, d.Key, auth, authKey)
}

package importer

import "testing"

// published is a password and its obfuscated form from the tests of the Python package pcf_decrypt 0.1.1 (MIT), which
// has an implementation of its own.
const published = "D06615FC4D2046942A6F39951FC40794740E30C485090B4416C9D5A65DE59E5230A63D391F2A634820B574A37E16DB23820C89CD29DA2245"

func TestReveal(t *testing.T) {
	got, err := reveal(published)
	if err != nil || got != "Sh@r3dK3ySP*&%$" {
		t.Errorf("%q, %v", got, err)
	}
	for name, bad := range map[string]string{
		"cut off":     published[:90],
		"not hex":     "Z" + published[1:],
		"check sum":   published[:50] + "0" + published[51:],
		"ciphertext":  published[:len(published)-1] + "0",
		"empty":       "",
		"seed alone":  published[:80],
		"other seed":  "AA" + published[2:50] + "00" + published[52:],
		"half a byte": published[1:],
	} {
		if got, err := reveal(bad); err == nil {
			t.Errorf("%s: gives %q", name, got)
		}
	}
}

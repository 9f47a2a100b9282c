package kit

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ezvpn/client/status"
)

var (
	us   = netip.MustParseAddr("192.168.77.2")
	them = netip.MustParseAddr("198.51.100.101")
)

// TestTables: the rows in the form in which tshark 4.0 took them and decrypted captures of all of these with them.
func TestTables(t *testing.T) {
	d := status.Disclosure{Kind: status.DisclosedESP, SPI: "0x77579745", Key: "c9ec", From: us, To: them}
	for _, c := range []struct{ suite, auth, authKey, want string }{
		{"AES-GCM-16-128", "AES-GCM-16", "", `"IPv4","192.168.77.2","198.51.100.101","0x77579745","AES-GCM with 16 octet ICV [RFC4106]","0xc9ec","NULL",""`},
		{"AES-CBC-256", "HMAC-SHA2-256-128", "aa", `"IPv4","192.168.77.2","198.51.100.101","0x77579745","AES-CBC [RFC3602]","0xc9ec","HMAC-SHA-256-128 [RFC4868]","0xaa"`},
		{"AES-CBC-128", "HMAC-MD5-96", "bb", `"IPv4","192.168.77.2","198.51.100.101","0x77579745","AES-CBC [RFC3602]","0xc9ec","HMAC-MD5-96 [RFC2403]","0xbb"`},
		{"3DES-CBC", "HMAC-SHA1-96", "cc", `"IPv4","192.168.77.2","198.51.100.101","0x77579745","TripleDES-CBC [RFC2451]","0xc9ec","HMAC-SHA-1-96 [RFC2404]","0xcc"`},
		{"transform 99", "HMAC-SHA1-96", "cc", ""},
		{"AES-CBC-128", "algorithm 99", "cc", ""},
	} {
		d.Suite, d.Auth, d.AuthKey = c.suite, c.auth, c.authKey
		if got := strings.TrimSuffix(string(espLine(d)), "\n"); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
	if got := string(isakmpLine(status.Disclosure{Cookie: "0011223344556677", Key: "ff"})); got != "0011223344556677,ff\n" {
		t.Errorf("%q", got)
	}
}

// TestPacket: the headers of RFC 791 and RFC 768, the marker of RFC 3948 where the port is not 500, and nothing that
// does not fit.
func TestPacket(t *testing.T) {
	for _, c := range []struct {
		port   uint16
		marker int
	}{{500, 0}, {4500, 4}, {4501, 4}} {
		d := status.Disclosure{Kind: status.DisclosedMessage, Time: time.Unix(7, 9), Source: netip.AddrPortFrom(us, 40000), Destination: netip.AddrPortFrom(them, c.port), Message: []byte("message")}
		b := packet(d)
		if s, ns, n := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:]); s != 7 || ns != 9 || int(n) != len(b)-16 {
			t.Errorf("record of %d.%d, %d bytes of %d", s, ns, n, len(b))
		}
		ip := b[16:]
		if checksum(ip[:20]) != 0 || ip[0] != 0x45 || int(binary.BigEndian.Uint16(ip[2:])) != len(ip) || ip[9] != 17 {
			t.Errorf("IP header %x", ip[:20])
		}
		udp := ip[20:]
		if binary.BigEndian.Uint16(udp[2:]) != c.port || int(binary.BigEndian.Uint16(udp[4:])) != len(udp) || string(udp[8+c.marker:]) != "message" || strings.Trim(string(udp[8:8+c.marker]), "\x00") != "" {
			t.Errorf("UDP %x", udp)
		}
	}
	for _, d := range []status.Disclosure{{}, {Source: netip.AddrPortFrom(us, 1), Destination: netip.AddrPortFrom(them, 1), Message: make([]byte, 70000)},
		{Source: netip.MustParseAddrPort("[::1]:1"), Destination: netip.AddrPortFrom(them, 1), Message: []byte("m")}} {
		if packet(d) != nil {
			t.Errorf("%+v gives a packet", d.Source)
		}
	}
}

// TestKit: only the owner can read it, nothing that is there is written over, and what is not known is left out.
func TestKit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kit")
	k, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []status.Disclosure{{Kind: status.DisclosedISAKMP, Cookie: "00", Key: "11"}, {Kind: "new"}, {Kind: status.DisclosedMessage}} {
		if err := k.Add(d); err != nil {
			t.Error(err)
		}
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	for name, mode := range map[string]os.FileMode{"": 0o700 | os.ModeDir, ISAKMPTable: 0o600, ESPTable: 0o600, Capture: 0o600, ReadMe: 0o600} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode() != mode {
			t.Errorf("%s: %v %v", name, st.Mode(), err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, ISAKMPTable)); string(b) != "00,11\n" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, Capture)); len(b) != 24 || err != nil {
		t.Errorf("%d bytes %v", len(b), err)
	}
	if _, err := Create(dir); err == nil {
		t.Error("a directory with files in it was taken")
	}
}

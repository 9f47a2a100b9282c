package status

import (
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func full() Snapshot {
	return Snapshot{
		Version: 1, State: Active, Since: noon.Add(-12 * time.Minute), Profile: "office", Owner: "alice", Banner: "Welcome\nto work",
		Peers: []Peer{
			{Name: "vpn.example.com", Address: "198.51.100.1:4500", Origin: "profile", Health: "active", LastHeard: noon.Add(-3 * time.Second)},
			{Name: "vpn2.example.com", Origin: "profile", Health: "down", Reason: "no answer to DPD", NextTry: noon.Add(time.Minute)}},
		Network: &Network{Interface: "ezvpn0", Address: netip.MustParseAddr("10.9.0.7"), MTU: 1390,
			Include: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.168.7.0/24")},
			DNS:     []netip.Addr{netip.MustParseAddr("10.0.0.53")}, DNSMode: "split", DNSBy: "systemd-resolved",
			Domain: "corp.example.com", SplitDNS: []string{"corp.example.com", "lab.example.com"}},
		ISAKMP: &ISAKMPSA{Cookies: "0011223344556677:8899aabbccddeeff", Local: "192.0.2.5:40000", Remote: "198.51.100.1:4500",
			PeerID: "gw.example.com", Encryption: "AES-256", Hash: "SHA2-256", Group: "MODP-2048 (14)", Auth: "pre-shared group key + XAUTH",
			NAT: "both", NATT: true, Vendors: []string{"Cisco Unity", "DPD"}, Expires: noon.Add(23*time.Hour + 5*time.Minute)},
		IPsec: []IPsecSA{{InSPI: "0x11223344", OutSPI: "0x55667788", Encryption: "AES-CBC-128", Auth: "HMAC-SHA1-96", PFS: "MODP-1536 (5)",
			Local: "10.9.0.7/32", Remote: "0.0.0.0/0", InBytes: 3 << 20, InPackets: 2500, OutBytes: 100, OutPackets: 2, Expires: noon.Add(58*time.Minute + 3*time.Second)}},
		DPD:      DPD{Mode: "periodic", Interval: 30, Retry: 20, Misses: 1, LastAck: noon.Add(-25 * time.Second), RTT: 12300 * time.Microsecond},
		Traffic:  Traffic{InBytes: 5 << 30, InPackets: 77, OutBytes: 1536, OutPackets: 9, Drops: map[string]uint64{"replay": 4, "auth": 2, "selector": 0}, Retransmits: 6},
		Security: &Rating{Grade: "weak", Reasons: []string{"everybody in the group knows the key"}},
		Warnings: []string{"a route was left out"},
	}
}

func textOf(t *testing.T, s Snapshot) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, s, noon); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextHasTheFacts(t *testing.T) {
	text := textOf(t, full())
	for _, fact := range []string{
		"IPSEC_ACTIVE", "connected", "2026-03-01 11:48:00", "12 min", "office", "alice",
		"vpn.example.com", "198.51.100.1:4500", "active", "3 s ago", "no answer to DPD", "next try in 1 min",
		"10.9.0.7 on ezvpn0", "MTU 1390", "10.0.0.0/8", "192.168.7.0/24",
		"10.0.0.53 for corp.example.com, lab.example.com", "systemd-resolved",
		"AES-256", "SHA2-256", "MODP-2048 (14)", "pre-shared group key + XAUTH", "23 h 5 min left", "gw.example.com", "ESP in UDP", "Cisco Unity",
		"AES-CBC-128", "HMAC-SHA1-96", "PFS MODP-1536 (5)", "58 min 3 s left", "0x11223344", "0x55667788", "3.0 MiB (2500 packets)", "100 B (2 packets)",
		"periodic, every 30 s, retry 20 s, 1 missed", "last answer 25 s ago", "round trip 12.3 ms",
		"5.0 GiB (77 packets)", "1.5 KiB (9 packets)", "auth 2, replay 4", "sent again: 6",
		"weak", "everybody in the group knows the key", "a route was left out",
		"Message from the gateway:\n  | Welcome\n  | to work\n",
	} {
		if !strings.Contains(text, fact) {
			t.Errorf("no %q in\n%s", fact, text)
		}
	}
	if strings.Contains(text, "selector") {
		t.Error("a drop that never happened is shown")
	}
}

func TestTextOfAFailure(t *testing.T) {
	text := textOf(t, Snapshot{State: Blocked, Since: noon, Diagnosis: &Diagnosis{Cause: "xauth-refused", Time: noon.Add(-time.Minute),
		Sentence: "The gateway refused the password for alice.", Evidence: []string{"one", "two"}, Next: "Type it again."}})
	for _, fact := range []string{"BLOCKED", "The gateway refused the password for alice.", "one", "two", "Type it again.", "xauth-refused"} {
		if !strings.Contains(text, fact) {
			t.Errorf("no %q in\n%s", fact, text)
		}
	}
	for _, none := range []string{"Address", "IPsec", "Traffic", "DPD"} {
		if strings.Contains(text, none) {
			t.Errorf("%q is shown where there is none:\n%s", none, text)
		}
	}
}

func TestTextOfAPrompt(t *testing.T) {
	text := textOf(t, Snapshot{State: XAuthRequired, Prompt: &Prompt{ID: "q1", Peer: "vpn.example.com", Message: "Enter your\n\x1b[31mtoken",
		Fields: []PromptField{{Name: "passcode", Label: "Passcode", Hidden: true, Text: "12-34"}}, Expires: noon.Add(90 * time.Second)}})
	for _, fact := range []string{"XAUTH_REQ", "vpn.example.com asks for: Passcode (12-34)", "1 min 30 s left", "The gateway says:\n  | Enter your\n  | [31mtoken\n"} {
		if !strings.Contains(text, fact) {
			t.Errorf("no %q in\n%s", fact, text)
		}
	}
}

func TestTextOfEverythingThroughTheTunnel(t *testing.T) {
	s := full()
	s.Network.Include = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	s.Network.DNSMode, s.DPD.Mode = "full", "unsupported"
	text := textOf(t, s)
	for _, fact := range []string{"everything through the tunnel", "10.0.0.53 for everything", "did not announce it"} {
		if !strings.Contains(text, fact) {
			t.Errorf("no %q in\n%s", fact, text)
		}
	}
}

// A hostile gateway chooses every text that it can.
func TestTextIsFiltered(t *testing.T) {
	evil := "\x1b]0;owned\x07\u202egnp.exe\r\nState:      IPSEC_ACTIVE\x9b2J\xff"
	s := full()
	s.Banner, s.Network.GatewayVersion, s.Network.Domain, s.ISAKMP.PeerID = evil, evil, evil, evil
	s.ISAKMP.Vendors, s.Network.Backup, s.Warnings = []string{evil}, []string{evil}, []string{evil}
	s.Prompt = &Prompt{Message: evil, Fields: []PromptField{{Label: evil, Text: evil}}}
	s.Diagnosis = &Diagnosis{Sentence: evil, Evidence: []string{evil}, Next: evil}
	text := textOf(t, s)
	if strings.ContainsAny(text, "\x1b\x07\u009b\u202e\r") || !utf8.ValidString(text) {
		t.Errorf("%q", text)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "State:") && !strings.Contains(line, "2026-03-01") {
			t.Errorf("the gateway wrote a line of its own: %q", line)
		}
	}
}

func TestDurationAndBytes(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 s", 400 * time.Millisecond: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min",
		3*time.Hour + 12*time.Minute + 30*time.Second: "3 h 12 min", 49 * time.Hour: "2 d 1 h", 24*time.Hour + time.Minute: "1 d"} {
		if got := Duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1 << 20: "1.0 MiB", 1<<20 - 1: "1.0 MiB", 5 << 40: "5.0 TiB", 1<<64 - 1: "16384.0 PiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

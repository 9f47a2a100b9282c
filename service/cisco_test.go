package service

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ezvpn/client/status"
)

// The lines of the document's trace and of Cisco's Easy VPN remote.
const (
	downLine   = "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN.  Peer 10.2.80.209:500       Id: 10.2.80.209"
	ezvpnUp    = "%CRYPTO-6-EZVPN_CONNECTION_UP: (Client)  User=alice  Group=unity  Server_public_addr=10.2.80.209"
	noPeerLine = "%CRYPTO-4-IKMP_NO_SA: IKE message from 10.2.80.209 has no SA"
	badLine    = "%CRYPTO-3-IKMP_QUERY_KEY: Querying key pair failed."
)

// TestCiscoLog: such a line stands alone and as it is, with the priority of its number whatever level it was logged
// at; nothing that came with the record follows on it.
func TestCiscoLog(t *testing.T) {
	var b bytes.Buffer
	log := NewLog(&b, slog.LevelInfo, true).With("profile", "office").WithGroup("g")
	log.Info(downLine)
	log.Warn(ezvpnUp, "k", 1)
	log.Info(noPeerLine)
	log.Error(badLine)
	log.Info("plain")
	want := "<5>" + downLine + "\n<6>" + ezvpnUp + "\n<4>" + noPeerLine + "\n<3>" + badLine + "\n<6>msg=plain profile=office\n"
	if got := b.String(); got != want {
		t.Errorf("log is\n%s\nwant\n%s", got, want)
	}
}

// TestCiscoLogOnATerminal: with the time as on a router, and only for such lines.
func TestCiscoLogOnATerminal(t *testing.T) {
	var b bytes.Buffer
	log := NewLog(&b, slog.LevelInfo, false)
	log.Info(downLine, "k", 1)
	log.Info("plain")
	first, second, _ := strings.Cut(b.String(), "\n")
	if !regexp.MustCompile(`^\*[A-Z][a-z]{2} [ 1-3]\d \d\d:\d\d:\d\d\.\d{3}: ` + regexp.QuoteMeta(downLine) + "$").MatchString(first) {
		t.Errorf("the line is %q", first)
	}
	if !strings.HasPrefix(second, "time=") || !strings.HasSuffix(second, " level=INFO msg=plain\n") {
		t.Errorf("another record is %q", second)
	}
}

// TestCiscoLogTime: the record's own time, in the local zone.
func TestCiscoLogTime(t *testing.T) {
	var b bytes.Buffer
	at := time.Date(2026, 3, 25, 15, 47, 45, 395_000_000, time.Local)
	if err := NewLog(&b, slog.LevelInfo, false).Handler().Handle(t.Context(), slog.NewRecord(at, slog.LevelInfo, downLine, 0)); err != nil {
		t.Fatal(err)
	}
	if want := status.CiscoTime(at) + downLine + "\n"; b.String() != want || !strings.HasPrefix(want, "*Mar 25 15:47:45.395: %") {
		t.Errorf("%q", b.String())
	}
}

// TestCiscoLogIsOneLine: an identity that a gateway chose neither begins a record of its own nor speaks to a terminal,
// nor grows without bound.
func TestCiscoLogIsOneLine(t *testing.T) {
	for _, id := range []string{"a\n<0>forged", "a\r<0>b", "a\x1b[2Jb", "a\u202eb", "a\u2028b", "a\x00b", "a\xffb", strings.Repeat("x", 1<<16), strings.Repeat("é", 1<<16)} {
		for _, journal := range []bool{true, false} {
			var b bytes.Buffer
			NewLog(&b, slog.LevelInfo, journal).Info("%CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP.  Peer 10.2.80.209:500       Id: " + id)
			got := b.String()
			if strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "\n") || strings.ContainsAny(got, "\r\x1b\x00\u202e\u2028") || !utf8.ValidString(got) {
				t.Errorf("%.40q is logged as %.200q", id, got)
			}
			if len(got) > 4*maxCisco {
				t.Errorf("%.40q makes a line of %d octets", id, len(got))
			}
		}
	}
}

// TestCiscoSeverity: what only looks like such a line is logged as every other.
func TestCiscoSeverity(t *testing.T) {
	for message, want := range map[string]string{
		downLine: "5", ezvpnUp: "6", "%CRYPTO-0-X: y": "0", "%CRYPTO-7-A_1: y": "7", "%CRYPTO-8-X: y": "", "%CRYPTO-55-X: y": "",
		"%CRYPTO-5-: y": "", "%CRYPTO-5-X": "", "%CRYPTO-": "", "%CRYPTO-5": "", "%CRYPTO-5-x: y": "", "%CRYPTO-5-A B: y": "",
		" %CRYPTO-5-X: y": "", "%LINK-3-UPDOWN: y": "", "": "",
	} {
		got, ok := ciscoSeverity(message)
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%q: %q, %v", message, got, ok)
		}
	}
}

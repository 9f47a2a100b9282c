package status

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var tableNow = time.Date(2026, 3, 25, 15, 47, 45, 0, time.UTC)

func tableOf(t *testing.T, peers []Peer, width int) []string {
	t.Helper()
	var b strings.Builder
	if err := PeerTable(&b, peers, tableNow, width); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

var failedOver = []Peer{
	{Name: "vpn.example.com", Address: "192.0.2.1:500", Origin: "profile", Health: "down", Since: tableNow.Add(-80 * time.Second),
		LastHeard: tableNow.Add(-100 * time.Second), Reason: "5 probes unanswered", NextTry: tableNow.Add(90 * time.Second)},
	{Name: "vpn2.example.com", Address: "198.51.100.1:4500", Origin: "profile", Health: "active", Since: tableNow.Add(-75 * time.Second),
		LastHeard: tableNow.Add(-3 * time.Second)},
	{Name: "203.0.113.7", Origin: "pushed", Health: "unknown"},
}

// TestPeerTable: one line a gateway where there is room, the active one marked.
func TestPeerTable(t *testing.T) {
	want := []string{
		"  PEER              ADDRESS            ORIGIN   STATE    SINCE     HEARD      NEXT TRY  LAST REASON",
		"  vpn.example.com   192.0.2.1:500      profile  down     15:46:25  1m40s ago  in 1m30s  5 probes unanswered",
		"* vpn2.example.com  198.51.100.1:4500  profile  active   15:46:30  3s ago",
		"  203.0.113.7                          pushed   unknown",
	}
	for _, width := range []int{0, len(want[1]), 1000} {
		if got := tableOf(t, failedOver, width); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("width %d:\n%s", width, strings.Join(got, "\n"))
		}
	}
}

// TestPeerTableNarrow: on 80 columns nothing is lost, on two lines a gateway.
func TestPeerTableNarrow(t *testing.T) {
	want := []string{
		"  PEER              STATE    SINCE     HEARD      NEXT TRY",
		"  vpn.example.com   down     15:46:25  1m40s ago  in 1m30s",
		"    192.0.2.1:500, last: 5 probes unanswered",
		"* vpn2.example.com  active   15:46:30  3s ago",
		"    198.51.100.1:4500",
		"  203.0.113.7       unknown",
		"    pushed",
	}
	if got := tableOf(t, failedOver, 80); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("\n%s", strings.Join(got, "\n"))
	}
}

// TestPeerTableColumns: a column where nothing stands is left out.
func TestPeerTableColumns(t *testing.T) {
	got := tableOf(t, []Peer{{Name: "vpn", Origin: "profile", Health: "unknown"}}, 0)
	if got[0] != "  PEER  ORIGIN   STATE" || got[1] != "  vpn   profile  unknown" {
		t.Errorf("%q", got)
	}
}

// TestPeerTableFits holds 50 gateways with the longest names, addresses and reasons against usual widths: no line is
// longer, each gateway has its row, and names that differ at their end stay different.
func TestPeerTableFits(t *testing.T) {
	var peers []Peer
	for i := range 50 {
		peers = append(peers, Peer{Name: strings.Repeat("very-long-label.", 14) + fmt.Sprintf("gw%02d.example.com", i), Address: "255.255.255.255:65535",
			Origin: "redirect", Health: []string{"down", "trying", "unknown", "active"}[i%4], Since: tableNow.Add(-time.Duration(i) * 37 * time.Hour),
			LastHeard: tableNow.Add(-time.Duration(i) * 599 * time.Second), NextTry: tableNow.Add(time.Duration(i) * 599 * time.Second),
			Reason: strings.Repeat("the gateway did not answer ", 20)})
	}
	for _, width := range []int{narrowest, 60, 80, 100, 132, 200} {
		seen := map[string]bool{}
		for _, line := range tableOf(t, peers, width) {
			if n := utf8.RuneCountInString(line); n > width {
				t.Errorf("width %d: a line of %d: %s", width, n, line)
			}
			if !strings.HasPrefix(line, "    ") {
				seen[strings.Fields(strings.TrimPrefix(line, "*"))[0]] = true
			}
		}
		if len(seen) != len(peers)+1 {
			t.Errorf("width %d: %d different names of %d", width, len(seen)-1, len(peers))
		}
	}
	if n := len(tableOf(t, peers, 1)); n < 2*len(peers) { // a terminal that tells nonsense
		t.Errorf("%d lines", n)
	}
}

// TestPeerTableFilters: what a gateway pushed moves no cursor and begins no line.
func TestPeerTableFilters(t *testing.T) {
	evil := "a\x1b[2J\n* b\u202e\r"
	for _, width := range []int{0, 80, 50} {
		got := tableOf(t, []Peer{{Name: evil, Address: evil, Origin: evil, Health: evil, Reason: evil}}, width)
		if text := strings.Join(got, ""); strings.ContainsAny(text, "\x1b\r\u202e") || len(got) > 3 {
			t.Errorf("%q", got)
		}
	}
}

func TestShort(t *testing.T) {
	for want, d := range map[string]time.Duration{"0s": -time.Hour, "59s": 59_400 * time.Millisecond, "1m00s": 59_600 * time.Millisecond,
		"9m59s": 599 * time.Second, "10m": 600 * time.Second, "59m": 3599 * time.Second, "1h00m": time.Hour, "23h59m": 24*time.Hour - time.Second,
		"1d": 24 * time.Hour, "400d": 400 * 24 * time.Hour} {
		if got := short(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

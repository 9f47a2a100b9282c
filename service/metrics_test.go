//go:build linux || darwin

package service

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"ezvpn/client/status"
)

// measured serves the metrics of a snapshot, and gives what a caller with this Host reads.
func measured(t *testing.T, s status.Snapshot, host string) (int, string) {
	t.Helper()
	l, err := listenMetrics("127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveMetrics(ctx, l, func() status.Snapshot { return s }) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	r, err := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+"/metrics", nil)
	must(t, err)
	if host != "" {
		r.Host = host
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(r)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(b)
}

func sampleSnapshot() status.Snapshot {
	return status.Snapshot{State: status.Active, Since: time.Unix(1700000000, 0), Owner: "alice (1000)", Profile: "office",
		Peers:   []status.Peer{{Name: "vpn1.example.com", Health: "down"}, {Name: "vpn2.example.com", Health: "active"}, {Name: "vpn2.example.com", Health: "down"}},
		Network: &status.Network{Domain: "secret.example"},
		DPD:     status.DPD{RTT: 12 * time.Millisecond},
		Traffic: status.Traffic{InBytes: 7, OutBytes: 8, Drops: map[string]uint64{"replay": 3}},
		Totals:  status.Totals{Connects: 1, Failovers: 2, Returns: 3, Phase1Renewals: 4, Phase2Renewals: 5, DPDMisses: 6}}
}

func TestMetrics(t *testing.T) {
	code, text := measured(t, sampleSnapshot(), "")
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	for _, line := range []string{
		"ezvpn_up 1", `ezvpn_state{state="IPSEC_ACTIVE"} 1`, "ezvpn_state_since_seconds 1.7e+09",
		`ezvpn_peer_health{health="down",peer="vpn1.example.com"} 1`, `ezvpn_peer_health{health="active",peer="vpn2.example.com"} 1`,
		"ezvpn_dpd_round_trip_seconds 0.012", "ezvpn_dpd_misses_total 6", "ezvpn_connects_total 1", "ezvpn_failovers_total 2",
		"ezvpn_returns_total 3", `ezvpn_rekeys_total{phase="1"} 4`, `ezvpn_rekeys_total{phase="2"} 5`,
		`ezvpn_inside_bytes{direction="in"} 7`, `ezvpn_inside_bytes{direction="out"} 8`, `ezvpn_dropped_packets{reason="replay"} 3`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	for _, word := range []string{"alice", "office", "secret.example"} {
		if strings.Contains(text, word) {
			t.Errorf("%q is told to everybody on this machine", word)
		}
	}
}

// Every metric stands in docs/metrics.md, and nothing else does.
func TestMetricsAreDocumented(t *testing.T) {
	_, text := measured(t, sampleSnapshot(), "")
	doc, err := os.ReadFile("../docs/metrics.md")
	must(t, err)
	n := 0
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(strings.TrimSpace(name), " ")
			n++
			if !strings.Contains(string(doc), "\n| `"+name+"` | "+kind+" |") {
				t.Errorf("docs/metrics.md does not have %s, a %s", name, kind)
			}
		}
	}
	if rows := strings.Count(string(doc), "\n| `ezvpn_"); rows != n {
		t.Errorf("docs/metrics.md has %d rows for %d metrics", rows, n)
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	for _, address := range []string{"0.0.0.0:9475", "192.0.2.1:9475", ":9475", "localhost:9475", "127.0.0.1", "[::]:1"} {
		if l, err := listenMetrics(address); err == nil {
			l.Close()
			t.Errorf("%s is listened on", address)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	if taken, err := listenMetrics(l.Addr().String()); err == nil {
		taken.Close()
		t.Error("an address that is taken")
	}
	for _, host := range []string{"evil.example", "evil.example:9475", "192.0.2.1"} {
		if code, text := measured(t, sampleSnapshot(), host); code == http.StatusOK || strings.Contains(text, "ezvpn_") {
			t.Errorf("Host %s: %d %s", host, code, text)
		}
	}
}

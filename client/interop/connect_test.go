//go:build interop && linux

package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkConnect compares the time until a first packet can pass with that of vpnc, at the same gateway. The two take
// turns, so that a busy moment of the machine meets both.
func BenchmarkConnect(b *testing.B) {
	d := start(b, behindNAT)
	d.profile(b, "office", groupProfile(1, "ezgroup"))
	var ours, theirs []time.Duration
	for b.Loop() {
		ours = append(ours, timed(b, "ezvpn", func() { d.up(b, "office") }))
		d.down(b)
		theirs = append(theirs, timed(b, "vpnc", func() { vpncUp(b, behindNAT) }))
		vpncDown(b, behindNAT)
	}
	b.ReportMetric(0, "ns/op") // of both and their ends: it says nothing
	b.ReportMetric(median(ours), "ezvpn-ms")
	b.ReportMetric(median(theirs), "vpnc-ms")
	b.ReportMetric(median(ours)/median(theirs), "ezvpn/vpnc")
}

func timed(b *testing.B, who string, connect func()) time.Duration {
	begin := time.Now()
	connect()
	took := time.Since(begin)
	if behindNAT.try(b, "", "ping", "-c1", "-W2", "10.20.0.10").code != 0 {
		b.Fatalf("%s says that it is connected, but no packet passes", who)
	}
	return took
}

func median(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2].Microseconds()) / 1000
}

// BenchmarkIdle tells how much memory the service holds with a tunnel up and nothing to do.
func BenchmarkIdle(b *testing.B) {
	d := start(b, behindNAT)
	d.profile(b, "office", groupProfile(1, "ezgroup"))
	d.up(b, "office")
	for b.Loop() {
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(resident(b, d), "RSS-MB")
	d.down(b)
}

// resident is the memory of the service in MB (10⁶ bytes).
func resident(b *testing.B, d *daemon) float64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(d.cmd.Process.Pid), "status"))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kb, err := strconv.ParseFloat(f[1], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb * 1024 / 1e6
		}
	}
	b.Fatal("the kernel does not tell the resident memory")
	return 0
}

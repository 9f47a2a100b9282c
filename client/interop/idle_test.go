//go:build interop && linux

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRemoteIdle holds a tunnel with nothing to do but to ask the gateway twice a minute whether it lives.
func TestRemoteIdle(t *testing.T) {
	t.Parallel()
	d := idling.connect(t, idling.profile("ezgroup", "auto", "[dpd]\ninterval = 30\nmode = \"periodic\"\n", steadfast))
	defer d.end(t)
	settled(t, time.Now().Add(2*time.Second)) // what the connect left to do is done
	long := either(time.Minute, 10*time.Minute)
	before, begin := d.cpu(t), time.Now()
	settled(t, begin.Add(long))
	used, took := d.cpu(t)-before, time.Since(begin)
	share := 100 * float64(used) / float64(took)
	if share >= 0.1 {
		t.Errorf("idle: %.3f %% of a core, want less than 0.1 %%", share)
	}
	measured(t, "idle, periodic DPD 30", "%.3f %% of a core over %v (less than 0.1 %%)", share, took.Round(time.Second))
}

// cpu is how long the threads of the service were running, in the scheduler's nanoseconds.
func (d *daemon) cpu(t testing.TB) time.Duration {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", d.cmd.Process.Pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("the kernel does not tell the time of the threads: %v", err)
	}
	var sum time.Duration
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var running, waiting int64
		if _, err := fmt.Sscan(string(text), &running, &waiting); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		sum += time.Duration(running)
	}
	return sum
}

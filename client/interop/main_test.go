//go:build interop && linux

package interop

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// bin holds ezvpnd, ezvpn, blob and vicipool; lab is the state directory of the network.
var bin, lab string

// TestMain builds the programs and the network. Both are taken away again however the run ends.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "interop: network namespaces need root; run make interop")
		os.Exit(1)
	}
	alone, err := only("/run/ezt.lock")
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "ezt-")
	if err != nil {
		panic(err)
	}
	lab = filepath.Join(dir, "lab")
	if bin = os.Getenv("EZVPN_BIN"); bin == "" {
		bin = filepath.Join(dir, "bin")
	}
	os.Setenv("EZT", lab)
	os.Setenv("EZT_TOOLS", bin)
	end := func(code int) {
		if out, err := exec.Command(script, "down").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "interop: the network does not go away: %v\n%s", err, out)
		}
		os.RemoveAll(dir)
		alone.Close()
		os.Exit(code)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-interrupted
		end(130)
	}()
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		end(1)
	}
	// Most of the time of the tests that run at once is waiting.
	flag.Set("test.parallel", "16")
	code := m.Run()
	if err := errors.Join(writeTable(), keepLogs(code)); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
	}
	end(code)
}

// keepLogs puts the gateways' logs of a run that failed into the directory EZVPN_LOGS: many clients share a gateway, and
// the end of its log is seldom about the one that failed.
func keepLogs(code int) error {
	dir := os.Getenv("EZVPN_LOGS")
	if dir == "" || code == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var all []error
	for g := gateway(1); g <= steadfast; g++ {
		text, err := os.ReadFile(g.logFile())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "gw"+g.number()+".log"), text, 0o644)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// only makes sure that no other run uses the network: the names of its namespaces are those of the machine.
func only(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another run is using the network: %s: %w", path, err)
	}
	return f, nil
}

// prepare builds the programs, unless they are in the directory EZVPN_BIN, and brings the network up.
func prepare() error {
	if os.Getenv("EZVPN_BIN") == "" {
		if err := os.MkdirAll(bin, 0o755); err != nil {
			return err
		}
		build := exec.Command("go", "build", "-buildvcs=false", "-o", bin+"/", "../../service/ezvpnd", "../../service/ezvpn",
			"./blob", "./vicipool")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	if out, err := exec.Command(script, "up").CombinedOutput(); err != nil {
		return fmt.Errorf("network: %w\n%s", err, out)
	}
	return nil
}

//go:build interop && linux

package interop

import (
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
	dir, err := os.MkdirTemp("", "ezt-")
	if err != nil {
		panic(err)
	}
	bin, lab = filepath.Join(dir, "bin"), filepath.Join(dir, "lab")
	os.Setenv("EZT", lab)
	os.Setenv("EZT_TOOLS", bin)
	end := func(code int) {
		if out, err := exec.Command(script, "down").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "interop: the network does not go away: %v\n%s", err, out)
		}
		os.RemoveAll(dir)
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
	end(m.Run())
}

// prepare builds the programs, or takes those in the directory EZVPN_BIN, and brings the network up.
func prepare() error {
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	programs := []string{"./blob", "./vicipool"}
	ready := os.Getenv("EZVPN_BIN")
	if ready == "" {
		programs = append(programs, "../../service/ezvpnd", "../../service/ezvpn")
	}
	build := exec.Command("go", append([]string{"build", "-buildvcs=false", "-o", bin + "/"}, programs...)...)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	if ready != "" {
		for _, name := range []string{"ezvpnd", "ezvpn"} {
			b, err := os.ReadFile(filepath.Join(ready, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(bin, name), b, 0o755)
			}
			if err != nil {
				return fmt.Errorf("EZVPN_BIN: %w", err)
			}
		}
	}
	if out, err := exec.Command(script, "up").CombinedOutput(); err != nil {
		return fmt.Errorf("network: %w\n%s", err, out)
	}
	return nil
}

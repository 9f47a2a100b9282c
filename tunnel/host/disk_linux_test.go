package host

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk is a file system of 256 KiB for the state, which the test then spoils.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT ROOT: a full and a read-only disk were NOT tested; run the tests as root")
	}
	dir := t.TempDir()
	must(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=0700"))
	t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// TestSpoiledDisk: where the journal cannot be written, Ready says so, and Apply changes nothing; what the journal held
// is still there.
func TestSpoiledDisk(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  error
	}{
		{"full", fill, syscall.ENOSPC},
		{"read-only", func(t *testing.T, dir string) {
			must(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
		}, syscall.EROFS},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := smallDisk(t)
			m := laptop(t)
			m.plug("ezvpn0")
			h := machineOf(m, dir)
			must(t, h.Ready())
			must(t, journal{dir}.save(made{Links: []string{"ezvpn0"}}))
			c.spoil(t, dir)
			if err := h.Ready(); !errors.Is(err, c.want) {
				t.Errorf("Ready: %v", err)
			}
			if err := h.Apply(splitConfig()); !errors.Is(err, c.want) || m.steps != 0 {
				t.Errorf("Apply: %v, after %d steps", err, m.steps)
			}
			have, err := journal{dir}.load()
			if err != nil || len(have.Links) != 1 {
				t.Errorf("the journal holds %v, %v", have, err)
			}
		})
	}
}

func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	must(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// TestReadyLeavesNothing: the probe is gone, and what an interrupted one left is no obstacle.
func TestReadyLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, probeName), []byte("old"), 0o600))
	must(t, machineOf(laptop(t), dir).Ready())
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

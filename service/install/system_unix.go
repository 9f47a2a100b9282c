//go:build linux || darwin

package install

import (
	"io/fs"
	"os"
	"syscall"

	manager "github.com/kardianos/service"
)

// Privileged says whether this process may change services.
func Privileged() bool { return os.Geteuid() == 0 }

// ours: root's, and nobody else may write it.
func ours(_ string, fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && st.Uid == 0 && fi.Mode()&fs.ModeSymlink == 0 && fi.Mode().Perm()&0o022 == 0
}

// executableByAll holds whatever the umask is.
func executableByAll(f *os.File) error { return f.Chmod(0o755) }

// makeDir makes a directory with this mode, if it is not there.
func makeDir(path string, mode fs.FileMode) error { return os.MkdirAll(path, mode) }

// refresh has nothing to do: what the service manager knows is in its file.
func refresh(*manager.Config) error { return nil }

package install

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// driver is the TUN device of Windows, which is loaded from the directory of the program only.
const driver = "wintun.dll"

// Places are where the things of the service stand on this system.
type Places struct {
	Daemon, Command   string   // where the pair is copied to
	Unit              string   // file of the service manager; "" on Windows
	Packaged          []string // files that say that a package brought the service
	Sysusers          string   // says which group there should be; "" where systemd-sysusers is not
	Profiles, Managed string
	State             string
	Config            string // directory of Profiles, and of what else is configured
	Busy              bool   // the file of a running program cannot be replaced
}

// leftovers are what Uninstall leaves where nobody asks for a purge.
func (p Places) leftovers() []string {
	return []string{p.Config, p.State, p.Daemon, p.Command}
}

// place finds the pair and gives the path of the daemon, in a directory that nobody but root can write: who can
// replace the program of a service is root.
func (s *Service) place(executable string) (daemon string, err error) {
	if executable, err = filepath.EvalSymlinks(executable); err != nil {
		return "", fmt.Errorf("finding the running program: %w", err)
	}
	if daemon, err = beside(executable); err != nil {
		return "", err
	}
	if protected(daemon) && protected(executable) {
		s.say("the programs stay where they are: " + daemon)
		return daemon, nil
	}
	dll := filepath.Join(filepath.Dir(daemon), driver)
	for _, c := range [][2]string{{daemon, s.Places.Daemon}, {executable, s.Places.Command},
		{dll, filepath.Join(filepath.Dir(s.Places.Daemon), driver)}} {
		if c[0] == c[1] || c[0] == dll && !there(dll) {
			continue
		}
		if err := copyProgram(c[0], c[1]); err != nil {
			return "", fmt.Errorf("copying %s: %w", c[0], err)
		}
		s.say("copied " + filepath.Base(c[1]) + " to " + c[1])
	}
	return s.Places.Daemon, nil
}

// beside finds ezvpnd next to ezvpn, or in the sbin next to its bin.
func beside(executable string) (string, error) {
	dir, name := filepath.Dir(executable), "ezvpnd"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	for _, path := range []string{filepath.Join(dir, name), filepath.Join(filepath.Dir(dir), "sbin", name)} {
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not beside %s; keep the two programs of a release together", name, executable)
}

// protected says whether only root can write the file and every directory above it.
func protected(path string) bool {
	for {
		fi, err := os.Lstat(path)
		if err != nil || !ours(path, fi) {
			return false
		}
		up := filepath.Dir(path)
		if up == path {
			return true
		}
		path = up
	}
}

// copyProgram puts a program in its place in one step, so that one that runs is not disturbed.
func copyProgram(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	temp := to + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	err = errors.Join(err, executableByAll(out), out.Sync(), out.Close())
	if err == nil {
		err = os.Rename(temp, to)
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

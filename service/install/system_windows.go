package install

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	manager "github.com/kardianos/service"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc/mgr"
)

// Privileged says whether this process may change services.
func Privileged() bool { return windows.GetCurrentProcessToken().IsElevated() }

// ours: the directory of programs is the administrators', with all that is in it.
func ours(path string, _ fs.FileInfo) bool {
	dir := programFiles()
	return strings.HasPrefix(strings.ToLower(dir+`\`), strings.ToLower(strings.TrimSuffix(path, `\`)+`\`)) ||
		strings.HasPrefix(strings.ToLower(path), strings.ToLower(dir+`\`))
}

// executableByAll has nothing to do: the directory hands its access list down.
func executableByAll(*os.File) error { return nil }

// access is who may use the directories: SYSTEM and administrators, and what is made in them is theirs. What stands
// above them lets every user make files.
const access = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

// makeDir makes a directory that only administrators can enter, or makes it theirs.
func makeDir(path string, mode fs.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	sd, err := windows.SecurityDescriptorFromString(access)
	if err != nil {
		return err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, owner, nil, dacl, nil)
}

// refresh tells the service manager the present program, and to start it again whenever it ends by itself.
func refresh(c *manager.Config) error {
	m, err := mgr.Connect()
	if err != nil {
		return err
	}
	defer m.Disconnect()
	s, err := m.OpenService(c.Name)
	if err != nil {
		return err
	}
	defer s.Close()
	have, err := s.Config()
	if err != nil {
		return err
	}
	have.BinaryPathName = `"` + filepath.Clean(c.Executable) + `" ` + strings.Join(c.Arguments, " ")
	have.StartType, have.SidType = mgr.StartAutomatic, windows.SERVICE_SID_TYPE_UNRESTRICTED
	have.Dependencies, have.DisplayName, have.Description = c.Dependencies, c.DisplayName, c.Description
	if err := s.UpdateConfig(have); err != nil {
		return err
	}
	var actions []mgr.RecoveryAction
	for _, pause := range pauses {
		actions = append(actions, mgr.RecoveryAction{Type: mgr.ServiceRestart, Delay: pause})
	}
	if err := s.SetRecoveryActions(actions, uint32(forgiven.Seconds())); err != nil {
		return err
	}
	return s.SetRecoveryActionsOnNonCrashFailures(true)
}

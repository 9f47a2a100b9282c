package install

import (
	"path/filepath"

	"golang.org/x/sys/windows"

	"ezvpn/service/ipc"
)

func places() Places {
	dir := filepath.Join(programFiles(), "ezvpn")
	return Places{Daemon: filepath.Join(dir, "ezvpnd.exe"), Command: filepath.Join(dir, "ezvpn.exe"),
		Profiles: ipc.DefaultProfiles, Managed: ipc.DefaultManaged, State: ipc.DefaultState, Config: filepath.Dir(ipc.DefaultProfiles), Busy: true}
}

func programFiles() string {
	dir, err := windows.KnownFolderPath(windows.FOLDERID_ProgramFiles, 0)
	if err != nil {
		return `C:\Program Files`
	}
	return dir
}

package install

import (
	"path/filepath"

	"ezvpn/service/ipc"
)

func places() Places {
	return Places{Daemon: "/usr/local/sbin/ezvpnd", Command: "/usr/local/bin/ezvpn",
		Unit: texts["darwin-launchd"].file, Profiles: ipc.DefaultProfiles, Managed: ipc.DefaultManaged, State: ipc.DefaultState,
		Config: filepath.Dir(ipc.DefaultProfiles)}
}

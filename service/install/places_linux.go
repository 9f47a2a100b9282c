package install

import (
	"path/filepath"

	manager "github.com/kardianos/service"

	"ezvpn/service/ipc"
)

func places() Places {
	p := Places{Daemon: "/usr/local/sbin/ezvpnd", Command: "/usr/local/bin/ezvpn",
		Profiles: ipc.DefaultProfiles, Managed: ipc.DefaultManaged, State: ipc.DefaultState, Config: filepath.Dir(ipc.DefaultProfiles),
		Packaged: []string{"/usr/lib/systemd/system/ezvpnd.service", "/lib/systemd/system/ezvpnd.service"},
		Sysusers: "/etc/sysusers.d/ezvpn.conf"}
	if c := manager.ChosenSystem(); c != nil {
		p.Unit = texts[c.String()].file
	}
	return p
}

package main

import (
	"fmt"
	"os"
	"strings"
)

// autostart has the icon start with the user's session, or no longer: "on" or "off".
func autostart(say string) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	switch say {
	case "on":
		return startWithSession(exe)
	case "off":
		return startNoMore()
	}
	return fmt.Errorf("--autostart is on or off, not %q", say)
}

// desktopEntry is the file by which a desktop starts a program (freedesktop.org's Desktop Application Autostart).
func desktopEntry(exe string) string {
	quoted := `"` + strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `%`, `%%`).Replace(exe) + `"`
	return "[Desktop Entry]\nType=Application\nName=ezvpn\nComment=Easy VPN\nComment[de]=Easy VPN\nExec=" + quoted +
		"\nIcon=network-vpn\nTerminal=false\nCategories=Network;\nX-GNOME-Autostart-enabled=true\n"
}

// launchAgent is the same for launchd.
func launchAgent(exe string) string {
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(exe)
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>io.ezvpn.gui</string>
	<key>ProgramArguments</key>
	<array>
		<string>` + escaped + `</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
</dict>
</plist>
`
}

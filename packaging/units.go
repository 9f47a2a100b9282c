// Package packaging holds what service managers are told about ezvpnd. The packages and `ezvpn service install` bring
// the same files.
package packaging

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// program is where the files say that ezvpnd stands, until they are told another place.
const program = "/usr/sbin/ezvpnd"

//go:embed linux/ezvpnd.service
var systemd string

//go:embed openrc/ezvpnd
var openRC string

//go:embed macos/ezvpnd.plist
var launchd string

// Sysusers is for /etc/sysusers.d/ezvpn.conf: the group whose members may use the service.
//
//go:embed linux/ezvpn.sysusers
var Sysusers string

// plain is a path that means itself in a unit, in a shell script and in XML.
var plain = regexp.MustCompile(`^/[A-Za-z0-9/._+-]+$`)

// Systemd is the unit for an ezvpnd that stands at path, which is absolute and has no blanks or signs in it.
func Systemd(path string) (string, error) { return at(systemd, path) }

// OpenRC is the script for /etc/init.d/ezvpnd.
func OpenRC(path string) (string, error) { return at(openRC, path) }

// Launchd is the property list for /Library/LaunchDaemons.
func Launchd(path string) (string, error) { return at(launchd, path) }

func at(text, path string) (string, error) {
	if !plain.MatchString(path) {
		return "", fmt.Errorf("the path %q has signs that service managers read otherwise; move ezvpnd to a plain one, as /usr/local/sbin", path)
	}
	return strings.ReplaceAll(text, program, path), nil
}

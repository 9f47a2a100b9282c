package host

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// The mechanisms that can carry the tunnel's name service.
const (
	byResolved   = "systemd-resolved"
	byResolvconf = "resolvconf"
	byFile       = "resolv.conf"
)

func (d DNS) on() bool { return (d.Mode == DNSSplit || d.Mode == DNSFull) && len(d.Servers) > 0 }

// dnsRecord is the name service that was set, and what is needed to take it back.
type dnsRecord struct {
	By   string      `json:"by"`
	Link string      `json:"link,omitzero"`
	DNS  DNS         `json:"dns"`
	File *fileBackup `json:"file,omitempty"`
}

// same says that setting o replaces r. Only resolved keeps name servers per link.
func (r dnsRecord) same(o dnsRecord) bool {
	return r.By == o.By && (r.By != byResolved || r.Link == o.Link)
}

func (r dnsRecord) check() error {
	switch {
	case r.By != byResolved && r.By != byResolvconf && r.By != byFile:
		return fmt.Errorf("unknown name service mechanism %q", r.By)
	case r.By == byFile && r.File == nil:
		return errors.New("no copy of the former resolv.conf in it")
	case !linkName(r.Link):
		return errors.New("an interface name in it is not one")
	}
	return nil
}

// carrier sets and takes back name service by one mechanism. prepare completes a record with what undoing needs, and
// changes nothing; prior is the record of this mechanism that still stands, if any. clear returns a note if it left
// something for the user to know.
type carrier struct {
	prepare func(r dnsRecord, prior *dnsRecord) (dnsRecord, error)
	set     func(dnsRecord) error
	clear   func(dnsRecord) (note string, err error)
}

// dnsEnv is what choosing a mechanism needs to know of a machine.
type dnsEnv struct {
	readFile   func(path string) ([]byte, error)
	readlink   func(path string) (string, error) // error if it is not a link
	onBus      func(name string) bool            // the name has an owner on the system bus
	resolvconf func() string                     // path of a resolvconf that is not a disguise of resolvectl, or ""
}

const (
	resolvConfDir  = "/etc"
	resolvConfName = "resolv.conf"
	resolvConfPath = resolvConfDir + "/" + resolvConfName
	resolvedName   = "org.freedesktop.resolve1" // on the system bus
)

// chooseDNS decides which mechanism carries the tunnel's name service, and says why in one line. The rule: speak to
// the one that owns resolv.conf, since programs read that; without an owner, write the file.
func chooseDNS(env dnsEnv) (by, why string) {
	content, _ := env.readFile(resolvConfPath)
	link, _ := env.readlink(resolvConfPath)
	if link != "" && !path.IsAbs(link) {
		link = path.Join(path.Dir(resolvConfPath), link)
	}
	owner := fileOwner(link, string(content))
	running := env.onBus(resolvedName)
	rc := env.resolvconf()
	switch {
	case owner == byResolved && running && path.Base(link) == "resolv.conf" && strings.HasPrefix(link, "/run/systemd/"):
		return byResolved, "systemd-resolved runs and lists its servers in resolv.conf; split names need nss-resolve"
	case owner == byResolved && running:
		return byResolved, "systemd-resolved runs and owns resolv.conf"
	case owner == byResolved:
		return byFile, "resolv.conf is that of systemd-resolved, which does not run"
	case owner == byResolvconf && rc != "":
		return byResolvconf, "resolvconf owns resolv.conf"
	case owner == byResolvconf:
		return byFile, "resolv.conf was written by resolvconf, which is not installed"
	case running:
		return byFile, "systemd-resolved runs, but resolv.conf does not point to it" + ownedBy(owner)
	case owner != "":
		return byFile, "resolv.conf belongs to " + owner + ", which may overwrite it"
	default:
		return byFile, "nobody manages resolv.conf"
	}
}

func ownedBy(owner string) string {
	if owner == "" {
		return ""
	}
	return "; it belongs to " + owner
}

// fileOwner tells from the link, or else from the comments and servers, who writes resolv.conf.
func fileOwner(link, content string) string {
	switch {
	case strings.HasPrefix(link, "/run/systemd/resolve/"), strings.HasSuffix(link, "/lib/systemd/resolv.conf"):
		return byResolved
	case strings.HasPrefix(link, "/run/resolvconf/"), strings.HasPrefix(link, "/etc/resolvconf/"):
		return byResolvconf
	case strings.HasPrefix(link, "/run/NetworkManager/"), strings.HasPrefix(link, "/var/run/NetworkManager/"):
		return "NetworkManager"
	}
	if strings.HasPrefix(content, fileMark) {
		return "" // ours
	}
	servers := 0
	stub := true
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			for _, owner := range []string{"NetworkManager", byResolvconf, byResolved} {
				if strings.Contains(line, owner) && !strings.Contains(line, "not managed") {
					return owner
				}
			}
		}
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			servers++
			stub = stub && (f[1] == "127.0.0.53" || f[1] == "127.0.0.54")
		}
	}
	if servers > 0 && stub {
		return byResolved
	}
	return ""
}

// Package importer reads the connection files of other Easy VPN clients and of routers, and gives profiles in our TOML
// with a report of what became of each entry. It gets bytes and gives text; it opens nothing and connects to nothing.
package importer

import (
	"errors"
	"fmt"
	"strings"
)

const (
	maxFile     = 64 << 10 // bytes of one file of a client
	maxRunning  = 1 << 20  // bytes of a running configuration
	maxProfiles = 64       // of one file
	maxEntries  = 1000     // of one connection
)

// Result is one profile that a file holds.
type Result struct {
	Name   string // fit for a profile and for the name of its file
	TOML   string // the text of the profile, secrets included, with comments for what is left to fill in
	Report Report // never holds a secret
}

// format reads one kind of file.
type format struct {
	name  string
	limit int
	is    func(text string) bool
	read  func(f *file) ([]*draft, error)
}

// formats are tried in this order. The list is written once and only read.
var formats = []format{
	{"Apple configuration profile", maxFile, isMobileconfig, readMobileconfig},
	{"Cisco .pcf", maxFile, isPCF, readPCF},
	{"NetworkManager keyfile", maxFile, isKeyfile, readKeyfile},
	{"Shrew .vpn", maxFile, isShrew, readShrew},
	{"IOS configuration", maxRunning, isIOS, readIOS},
	{"ASA configuration", maxRunning, isASA, readASA},
	{"vpnc.conf", maxFile, isVPNC, readVPNC},
}

// Read finds out from the content what kind of file it is, and reads all the connections in it. name is the file's own
// name; it stands in the reports, and names a profile that the file does not name.
func Read(name string, data []byte) ([]Result, error) {
	if len(data) > maxRunning {
		return nil, fmt.Errorf("%s has more than 1 MiB, which no configuration of a router needs", name)
	}
	text, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", name, err)
	}
	for _, f := range formats {
		if !f.is(text) {
			continue
		}
		if len(data) > f.limit {
			return nil, fmt.Errorf("%s has more than 64 KiB, which is too much for a file of the kind %s", name, f.name)
		}
		return read(f, &file{name: name, format: f.name, text: text})
	}
	return nil, fmt.Errorf("%s is of no known kind; known are %s", name, kinds())
}

func read(f format, in *file) ([]Result, error) {
	drafts, err := f.read(in)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", in.name, f.name, err)
	}
	if len(drafts) == 0 {
		return nil, fmt.Errorf("%s, %s: %w", in.name, f.name, errors.New("holds no Easy VPN connection"))
	}
	if len(drafts) > maxProfiles {
		return nil, fmt.Errorf("%s, %s: holds %d connections; at most %d are read", in.name, f.name, len(drafts), maxProfiles)
	}
	var all []Result
	taken := map[string]bool{}
	for _, d := range drafts {
		base := d.name()
		name := base
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s-%d", base[:min(len(base), 60)], n)
		}
		taken[name] = true
		all = append(all, d.finish(name))
	}
	return all, nil
}

func kinds() string {
	var all []string
	for _, f := range formats {
		all = append(all, f.name)
	}
	return strings.Join(all, ", ")
}

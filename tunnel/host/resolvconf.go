package host

import (
	"net/netip"
	"slices"
	"strings"
)

// fileMark is the first line of a resolv.conf that this package wrote.
const fileMark = "# Written by ezvpn while its tunnel is up. Your former file comes back when it ends.\n"

// The C library reads three servers and six search domains of at most 256 bytes together (resolv.conf(5)).
const (
	maxFileServers = 3
	maxFileSearch  = 6
	maxSearchBytes = 256
)

// renderFile is resolv.conf with the tunnel's name service; former is the file as it was.
//
// A file cannot send some names here and others there: the C library asks the first server for all of them. So in
// split mode the tunnel's servers come first, which inside names need, and one of the former servers comes behind
// them for when they are silent; in full mode only the tunnel's servers are left. Options and sort lists stay.
func renderFile(d DNS, former []byte) []byte {
	servers, search, rest := readFormer(former)
	var b strings.Builder
	b.WriteString(fileMark)
	names := slices.Clone(d.Search)
	if d.Mode == DNSSplit {
		names = append(names, d.Domains...)
	}
	if names = searchList(append(names, search...)); len(names) > 0 {
		b.WriteString("search " + strings.Join(names, " ") + "\n")
	}
	list := []string{}
	for _, a := range d.Servers {
		list = put(list, a.String())
	}
	if d.Mode == DNSSplit && len(servers) > 0 {
		list = list[:min(len(list), maxFileServers-1)]
		for _, s := range servers {
			list = put(list, s)
		}
	}
	for _, s := range list[:min(len(list), maxFileServers)] {
		b.WriteString("nameserver " + s + "\n")
	}
	for _, line := range rest {
		b.WriteString(line + "\n")
	}
	return []byte(b.String())
}

// readFormer takes a resolv.conf apart. The last search or domain line counts, as resolv.conf(5) has it.
func readFormer(b []byte) (servers, search, rest []string) {
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "nameserver":
			if _, err := netip.ParseAddr(f[1]); err == nil {
				servers = append(servers, f[1])
			}
		case "search", "domain":
			search = nil
			for _, n := range f[1:] {
				if domainName(strings.TrimSuffix(n, ".")) {
					search = append(search, n)
				}
			}
		case "options", "sortlist":
			rest = append(rest, strings.Join(f, " "))
		}
	}
	return servers, search, rest
}

func searchList(names []string) []string {
	var out []string
	size := 0
	for _, n := range names {
		if slices.Contains(out, n) || len(out) == maxFileSearch || size+len(n)+1 > maxSearchBytes {
			continue
		}
		out = append(out, n)
		size += len(n) + 1
	}
	return out
}

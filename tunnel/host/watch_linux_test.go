package host

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAnyChange(t *testing.T) {
	route := func(protocol byte) []byte {
		return []byte{unix.AF_INET, 32, 0, 0, unix.RT_TABLE_MAIN, protocol, 0, 1, 0, 0, 0, 0}
	}
	for _, c := range []struct {
		name string
		kind uint16
		data []byte
		want bool
	}{
		{"our route", unix.RTM_NEWROUTE, route(routeMark), false},
		{"our route goes", unix.RTM_DELROUTE, route(routeMark), false},
		{"a route of DHCP", unix.RTM_NEWROUTE, route(unix.RTPROT_DHCP), true},
		{"a short message", unix.RTM_NEWROUTE, route(routeMark)[:3], true},
		{"a link", unix.RTM_NEWLINK, nil, true},
		{"an address goes", unix.RTM_DELADDR, nil, true},
		{"a neighbour", unix.RTM_NEWNEIGH, nil, false},
	} {
		m := []syscall.NetlinkMessage{{Header: syscall.NlMsghdr{Type: c.kind}, Data: c.data}}
		if got := anyChange(m); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestNamesResolv(t *testing.T) {
	event := func(name string) []byte {
		b := make([]byte, 16, 32)
		size := (len(name) + 15) / 16 * 16
		binary.NativeEndian.PutUint32(b[12:], uint32(size))
		return append(append(b, name...), make([]byte, size-len(name))...)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"another file", event("passwd"), false},
		{"our temporary file", event(resolvTemp), false},
		{"second of two", append(event("passwd"), event("resolv.conf")...), true},
		{"the file itself", event(""), true},
		{"cut", event("passwd")[:20], true},
		{"less than a header", make([]byte, 15), false},
	} {
		if got := namesResolv(c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestDiffers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	changed := differs(path)
	for i, c := range []struct {
		content string
		want    bool
	}{{"a", true}, {"a", false}, {"b", true}} {
		must(t, os.WriteFile(path, []byte(c.content), 0o644))
		if got := changed(); got != c.want {
			t.Errorf("write %d: %v", i, got)
		}
	}
}

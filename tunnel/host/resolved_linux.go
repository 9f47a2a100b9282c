package host

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// The object of systemd-resolved on the bus: org.freedesktop.resolve1(5).
const (
	resolvedPath    = dbus.ObjectPath("/org/freedesktop/resolve1")
	resolvedManager = "org.freedesktop.resolve1.Manager."
	busTime         = 5 * time.Second
)

// resolved carries name service by systemd-resolved, which keeps servers and domains per link and forgets them with
// the link.
type resolved struct {
	dial  func(context.Context) (*dbus.Conn, error)
	index func(link string) (index int, err error) // 0 and no error if the link is gone
}

// linkServer and linkDomain travel as (iay) and (sb).
type linkServer struct {
	Family  int32
	Address []byte
}

type linkDomain struct {
	Name        string
	RoutingOnly bool // names below it are asked on this link; it is not appended to short names
}

func (r resolved) carrier() carrier { return carrier{set: r.set, clear: r.clear} }

func (r resolved) set(rec dnsRecord) error {
	index, err := r.index(rec.Link)
	if err != nil {
		return err
	}
	if index == 0 {
		return errors.New("the interface is gone")
	}
	return r.talk(func(call func(method string, args ...any) error) error {
		link := int32(index)
		// Names below the domains must not be shouted on this link. Old versions know neither call.
		call("SetLinkLLMNR", link, "no")
		call("SetLinkMulticastDNS", link, "no")
		if err := call("SetLinkDNS", link, linkServers(rec.DNS)); err != nil {
			return err
		}
		if err := call("SetLinkDomains", link, linkDomains(rec.DNS)); err != nil {
			return err
		}
		return call("SetLinkDefaultRoute", link, rec.DNS.Mode == DNSFull)
	})
}

func (r resolved) clear(rec dnsRecord) (string, error) {
	index, err := r.index(rec.Link)
	if err != nil || index == 0 {
		return "", err
	}
	err = r.talk(func(call func(string, ...any) error) error { return call("RevertLink", int32(index)) })
	if e, ok := errors.AsType[dbus.Error](err); ok && (e.Name == "org.freedesktop.DBus.Error.ServiceUnknown" || e.Name == "org.freedesktop.resolve1.NoSuchLink") {
		return "", nil // a service that does not run holds nothing; nor does it for a link that went meanwhile
	}
	return "", err
}

// talk opens the bus, makes the calls, and makes resolved forget what it heard from other servers.
func (r resolved) talk(do func(call func(method string, args ...any) error) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), busTime)
	defer cancel()
	conn, err := r.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	object := conn.Object(resolvedName, resolvedPath)
	call := func(method string, args ...any) error {
		return object.CallWithContext(ctx, resolvedManager+method, 0, args...).Err
	}
	if err := do(call); err != nil {
		return err
	}
	call("FlushCaches") // a stale answer is a delay, not a failure
	return nil
}

func linkServers(d DNS) []linkServer {
	out := []linkServer{}
	for _, a := range d.Servers {
		family := int32(unix.AF_INET)
		if a.Is6() {
			family = unix.AF_INET6
		}
		out = append(out, linkServer{family, a.AsSlice()})
	}
	return out
}

// linkDomains makes each search domain a search domain, which also routes it here, and each further split domain a
// route. The root domain draws everything.
func linkDomains(d DNS) []linkDomain {
	out := []linkDomain{}
	for _, n := range d.Search {
		out = put(out, linkDomain{n, false})
	}
	if d.Mode == DNSFull {
		return append(out, linkDomain{".", true})
	}
	for _, n := range d.Domains {
		if !slices.Contains(out, linkDomain{n, false}) {
			out = put(out, linkDomain{n, true})
		}
	}
	return out
}

func systemBus(ctx context.Context) (*dbus.Conn, error) {
	return dbus.ConnectSystemBus(dbus.WithContext(ctx))
}

// busHas asks the bus; a machine without one has no services on it.
func busHas(name string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), busTime)
	defer cancel()
	conn, err := systemBus(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	var has bool
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&has)
	return err == nil && has
}

func linkIndex(link string) (int, error) {
	all, err := net.Interfaces()
	if err != nil {
		return 0, err
	}
	for _, i := range all {
		if i.Name == link {
			return i.Index, nil
		}
	}
	return 0, nil
}

package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Watch tells when links, addresses or routes of the machine changed, other than by Apply, or when somebody else wrote
// resolv.conf. A burst is one value. The channel closes when ctx ends, or when the kernel's messages end for
// another reason. Answering each value with the same Apply is safe: it changes nothing that is right already.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE, tableGroups...)
	if err != nil {
		return nil, fmt.Errorf("watch for changes of the network: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, socket.Close)
	changes, out := make(chan struct{}), make(chan struct{}, 1)
	tell := func() {
		select {
		case changes <- struct{}{}:
		case <-ctx.Done():
		}
	}
	go coalesce(ctx.Done(), changes, out)
	tables := newTableWatch()
	go watchTables(socket, tables.anyChange, tell, cancel)
	if f, err := openResolvWatch(); err == nil { // out of inotify instances: what others write is repaired at the next Apply
		context.AfterFunc(ctx, func() { f.Close() })
		go watchResolv(f, differs(resolvConfPath), tell)
	}
	return out, nil
}

func watchTables(socket *nl.NetlinkSocket, anyChange func([]syscall.NetlinkMessage) bool, tell, end func()) {
	defer end()
	for {
		messages, _, err := socket.Receive()
		switch {
		case errors.Is(err, unix.ENOBUFS): // some were lost, so something changed
		case err != nil:
			return
		case !anyChange(messages):
			continue
		}
		tell()
	}
}

// openResolvWatch watches the directory, since resolv.conf is replaced as a rule, and the file, which a container
// mounts from elsewhere.
func openResolvWatch() (*os.File, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "inotify")
	const events = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_CREATE | unix.IN_DELETE
	if _, err := unix.InotifyAddWatch(fd, resolvConfDir, events); err != nil {
		f.Close()
		return nil, err
	}
	unix.InotifyAddWatch(fd, resolvConfPath, unix.IN_CLOSE_WRITE) // absent: the directory tells when it comes
	return f, nil
}

func watchResolv(f *os.File, changed func() bool, tell func()) {
	b := make([]byte, 4096)
	for {
		n, err := f.Read(b)
		if err != nil {
			return
		}
		if namesResolv(b[:n]) && changed() {
			tell()
		}
	}
}

// differs tells whether the file holds something else than at the last call, and not what we wrote. A program that
// writes the same again, as resolvconf may when we call it, would otherwise keep us and itself going for ever.
func differs(path string) func() bool {
	last, _ := os.ReadFile(path)
	return func() bool {
		now, _ := os.ReadFile(path)
		same := bytes.Equal(now, last)
		last = now
		return !same && !bytes.HasPrefix(now, []byte(fileMark))
	}
}

// namesResolv reads inotify events: 16 bytes, the last four the length of the name that follows, padded with zeros
// (inotify(7)). An event without a name is the watch on the file itself.
func namesResolv(b []byte) bool {
	for len(b) >= unix.SizeofInotifyEvent {
		size := int(binary.NativeEndian.Uint32(b[12:]))
		b = b[unix.SizeofInotifyEvent:]
		if size > len(b) {
			return true // lost its end: better once too often
		}
		if name := bytes.TrimRight(b[:size], "\x00"); size == 0 || string(name) == resolvConfName {
			return true
		}
		b = b[size:]
	}
	return false
}

package host

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Watch tells when links, addresses or routes of the machine changed, other than by our own routes. A burst is one
// value. The channel closes when ctx ends, or when the kernel's messages end for another reason.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
		unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("watch for changes of the network: %w", err)
	}
	changes, out := make(chan struct{}), make(chan struct{}, 1)
	stop := context.AfterFunc(ctx, socket.Close)
	go coalesce(changes, out)
	go func() {
		defer close(changes)
		defer stop()
		for {
			messages, _, err := socket.Receive()
			switch {
			case errors.Is(err, unix.ENOBUFS): // some were lost, so something changed
			case err != nil:
				return
			case !anyChange(messages):
				continue
			}
			changes <- struct{}{}
		}
	}()
	return out, nil
}

// protocolAt is the offset of rtm_protocol in struct rtmsg: rtnetlink(7).
const protocolAt = 5

func anyChange(messages []syscall.NetlinkMessage) bool {
	for _, m := range messages {
		switch m.Header.Type {
		case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
			if len(m.Data) <= protocolAt || m.Data[protocolAt] != routeMark {
				return true
			}
		case unix.RTM_NEWLINK, unix.RTM_DELLINK, unix.RTM_NEWADDR, unix.RTM_DELADDR:
			return true
		}
	}
	return false
}

package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// forwardingPath is a link's own switch. That of the whole machine (ip_forward) is never written: it resets the
// switch of every link, and with it what the user chose for each.
func forwardingPath(link string) string { return "/proc/sys/net/ipv4/conf/" + link + "/forwarding" }

// allLinks stands for the whole machine in place of a link's name; the kernel gives it to no link.
const allLinks = "all"

// forwards reads a switch. A link without one, as one that is just going, forwards nothing.
func forwards(link string) bool {
	b, err := os.ReadFile(forwardingPath(link))
	return err == nil && strings.TrimSpace(string(b)) == "1"
}

func changeForwarding(s step) error {
	value := "0"
	if s.Op == opForward {
		value = "1"
	}
	f, err := os.OpenFile(forwardingPath(s.Link), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) && s.Op == opUnforward {
		return nil // the link is gone, and its switch with it
	}
	if err == nil {
		_, err = f.WriteString(value)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("%w; set net.ipv4.conf.%s.forwarding to %s by hand", err, s.Link, value)
	}
	return nil
}

// maxDropping bounds the notes on one packet filter.
const maxDropping = 4

// droppingChains asks nf_tables, which also keeps the chains of iptables-nft, for base chains at the forward hook
// whose policy is to drop. The older iptables is not asked. What cannot be read is taken for no filter: it is a hint,
// and rules may accept what the policy would drop.
func droppingChains() []string {
	if _, err := os.Stat("/proc/modules"); err == nil {
		if _, err := os.Stat("/sys/module/nf_tables"); err != nil {
			return nil // to ask would load it
		}
	}
	req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_GETCHAIN, unix.NLM_F_DUMP)
	req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_UNSPEC})
	chains, _ := req.Execute(unix.NETLINK_NETFILTER, 0)
	var out []string
	for _, b := range chains {
		if name, drops := forwardDrops(b); drops && len(out) < maxDropping {
			out = append(out, name)
		}
	}
	return out
}

// nfDrop is NF_DROP, the policy: linux/netfilter.h.
const nfDrop = 0

// forwardDrops reads a chain after its netlink header: struct nfgenmsg, then attributes with numbers in network order.
func forwardDrops(b []byte) (name string, drops bool) {
	if len(b) < nl.SizeofNfgenmsg || b[0] != unix.NFPROTO_INET && b[0] != unix.NFPROTO_IPV4 {
		return "", false
	}
	attrs, err := nl.ParseRouteAttr(b[nl.SizeofNfgenmsg:])
	if err != nil {
		return "", false
	}
	const nested = unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER
	var table, chain string
	forward, policy := false, false
	for _, a := range attrs {
		switch a.Attr.Type &^ nested {
		case unix.NFTA_CHAIN_TABLE:
			table = strings.TrimRight(string(a.Value), "\x00")
		case unix.NFTA_CHAIN_NAME:
			chain = strings.TrimRight(string(a.Value), "\x00")
		case unix.NFTA_CHAIN_POLICY:
			policy = isNumber(a, nfDrop)
		case unix.NFTA_CHAIN_HOOK:
			hook, _ := nl.ParseRouteAttr(a.Value)
			for _, h := range hook {
				forward = forward || h.Attr.Type&^nested == unix.NFTA_HOOK_HOOKNUM && isNumber(h, unix.NF_INET_FORWARD)
			}
		}
	}
	return fmt.Sprintf("table %s, chain %s", table, chain), forward && policy
}

func isNumber(a syscall.NetlinkRouteAttr, n uint32) bool {
	return len(a.Value) >= 4 && binary.BigEndian.Uint32(a.Value) == n
}

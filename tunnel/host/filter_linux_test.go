package host_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"ezvpn/tunnel/host"
)

// forwardPolicy makes a base chain at the forward hook in a table of its own, by one batch of nf_tables.
func forwardPolicy(t *testing.T, family uint8, table string, hook, policy uint32) {
	t.Helper()
	number := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	message := func(kind, flags, resource int, family uint8, attrs ...*nl.RtAttr) []byte {
		r := nl.NewNetlinkRequest(kind, flags)
		r.AddData(&nl.Nfgenmsg{NfgenFamily: family, ResId: uint16(resource) << 8}) // network order of a number below 256
		for _, a := range attrs {
			r.AddData(a)
		}
		return r.Serialize()
	}
	at := nl.NewRtAttr(unix.NFTA_CHAIN_HOOK|unix.NLA_F_NESTED, nil)
	at.AddRtAttr(unix.NFTA_HOOK_HOOKNUM, number(hook))
	at.AddRtAttr(unix.NFTA_HOOK_PRIORITY, number(0))
	const nft = unix.NFNL_SUBSYS_NFTABLES
	batch := message(unix.NFNL_MSG_BATCH_BEGIN, 0, nft, unix.AF_UNSPEC)
	batch = append(batch, message(nft<<8|unix.NFT_MSG_NEWTABLE, unix.NLM_F_CREATE, 0, family,
		nl.NewRtAttr(unix.NFTA_TABLE_NAME, nl.ZeroTerminated(table)))...)
	batch = append(batch, message(nft<<8|unix.NFT_MSG_NEWCHAIN, unix.NLM_F_CREATE, 0, family,
		nl.NewRtAttr(unix.NFTA_CHAIN_TABLE, nl.ZeroTerminated(table)), nl.NewRtAttr(unix.NFTA_CHAIN_NAME, nl.ZeroTerminated("FORWARD")),
		at, nl.NewRtAttr(unix.NFTA_CHAIN_TYPE, nl.ZeroTerminated("filter")), nl.NewRtAttr(unix.NFTA_CHAIN_POLICY, number(policy)))...)
	batch = append(batch, message(unix.NFNL_MSG_BATCH_END, 0, nft, unix.AF_UNSPEC)...)

	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	must(t, err)
	defer unix.Close(fd)
	must(t, unix.Sendto(fd, batch, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})) // done when it returns
}

// A packet filter that drops is told, for a tunnel that needs forwarding, and is not changed.
func TestRealFilterThatDrops(t *testing.T) {
	w := newWorld(t, false)
	w.lan()
	w.tun("ezvpn0")
	h := host.New(host.Options{Dir: w.dir})
	told := func(c host.Config) string {
		t.Helper()
		must(t, h.Apply(c))
		return strings.Join(h.Notes(), "\n")
	}
	const accept, drop = 1, 0
	forwardPolicy(t, unix.NFPROTO_IPV4, "open", unix.NF_INET_FORWARD, accept)
	forwardPolicy(t, unix.NFPROTO_IPV6, "other", unix.NF_INET_FORWARD, drop)
	forwardPolicy(t, unix.NFPROTO_IPV4, "input", unix.NF_INET_LOCAL_IN, drop)
	if n := told(extension()); strings.Contains(n, "packet filter") {
		t.Errorf("notes without a filter of forwarded IPv4:\n%s", n)
	}
	forwardPolicy(t, unix.NFPROTO_IPV4, "filter", unix.NF_INET_FORWARD, drop)
	if n := told(extension()); strings.Count(n, "packet filter") != 1 || !strings.Contains(n, "(table filter, chain FORWARD)") {
		t.Errorf("notes with a filter that drops:\n%s", n)
	}
	if n := told(split()); strings.Contains(n, "packet filter") {
		t.Errorf("notes of a tunnel that forwards nothing:\n%s", n)
	}
}

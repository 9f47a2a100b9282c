package profile

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// allowWeak takes the weak proposals that nobody allowed out of the defaults and presets, and refuses them where the
// file itself names them.
func (r *reader) allowWeak() {
	if _, said := r.said("ike.proposals"); said {
		r.refuseWeak("ike.proposals", printed(r.p.IKE.Proposals))
	} else {
		r.p.IKE.Proposals = slices.DeleteFunc(r.p.IKE.Proposals, func(x Phase1) bool { return len(r.notAllowed(x.String())) > 0 })
	}
	if _, said := r.said("esp.proposals"); said {
		r.refuseWeak("esp.proposals", printed(r.p.ESP.Proposals))
	} else {
		r.p.ESP.Proposals = slices.DeleteFunc(r.p.ESP.Proposals, func(x Phase2) bool { return len(r.notAllowed(x.String())) > 0 })
	}
	r.refuseWeak("esp.pfs", []string{groupWord(r.p.ESP.PFS)})
}

// notAllowed gives the weak words of a proposal that the profile does not allow.
func (r *reader) notAllowed(proposal string) []string {
	return slices.DeleteFunc(weakIn(proposal), func(w string) bool { return slices.Contains(r.p.Security.Allow, w) })
}

func (r *reader) refuseWeak(path string, proposals []string) {
	if r.isWrong(path) || r.isWrong("security.allow") {
		return
	}
	var weak []string
	for _, s := range proposals {
		for _, w := range r.notAllowed(s) {
			if !slices.Contains(weak, w) {
				weak = append(weak, w)
			}
		}
	}
	if weak != nil {
		r.wrong(r.at(path), path, "this uses what is weak: "+strings.Join(weak, ", "),
			fmt.Sprintf(`that only with allow = ["%s"] under [security]`, strings.Join(weak, `", "`)))
	}
}

func printed[T fmt.Stringer](list []T) []string {
	var out []string
	for _, x := range list {
		out = append(out, x.String())
	}
	return out
}

// check looks at what one key alone cannot tell.
func (r *reader) check() {
	r.required("peers", "a profile needs at least one gateway")
	r.required("group.name", "a profile needs the name of its group")
	r.checkName()
	r.checkGroup()
	_, interval := r.said("dpd.interval")
	if at, ok := r.tableAt("dpd"); ok && !interval && !slices.Contains(r.meant, "dpd.interval") {
		r.wrong(at, "dpd.interval", "a [dpd] table needs an interval; without the table it is 10, on demand", r.allowedOf("dpd.interval"))
	}
	r.checkInside()
	r.checkIdle()
	r.checkPrimary()
	r.checkOnce(r.p.Peers)
	r.checkLocked()
}

func (r *reader) allowedOf(path string) string {
	k, _ := find(path)
	return k.kind.allowed
}

// required reports a key that is missing, at the line of its table where there is one.
func (r *reader) required(path, why string) {
	if _, ok := r.said(path); ok || slices.Contains(r.meant, path) {
		return
	}
	table, _, _ := strings.Cut(path, ".")
	at, _ := r.tableAt(table)
	r.wrong(at, path, "missing: "+why, r.allowedOf(path))
}

func (r *reader) checkName() {
	if _, ok := r.said("name"); ok {
		return
	}
	if r.name == "" || checkName(r.name) != "" {
		r.wrong(place{r.sources[0].file, 0}, "name", "missing, and the name of the file is no name for a profile", r.allowedOf("name"))
		return
	}
	r.p.Name = r.name
}

func (r *reader) checkGroup() {
	_, key := r.said("group.key")
	_, file := r.said("group.key_file")
	switch {
	case key && file && r.pointless("group.key_file", "group.key"):
		r.p.Group.KeyFile = ""
	case key && file && r.pointless("group.key", "group.key_file"):
		r.p.Group.Key = ""
	case key && file:
		r.wrong(r.at("group.key_file"), "group.key_file", "key is there too", "one of key and key_file")
	case !key && !file:
		r.required("group.key", "a profile needs the group key")
	}
	if r.p.Group.IDType != "address" || r.p.Group.Name == "" {
		return
	}
	if a, err := netip.ParseAddr(r.p.Group.Name); err != nil || !a.Is4() {
		r.wrong(r.at("group.name"), "group.name", "with id_type address the name is an address, and this is none", "an IPv4 address")
	}
}

// defaultIdle is the idle timeout of connect = "traffic" where none is given.
const defaultIdle = 30 * time.Minute

func (r *reader) checkIdle() {
	_, said := r.said("idle_timeout")
	switch {
	case r.p.Connect == "traffic" && !said:
		r.p.IdleTimeout = defaultIdle
	case r.p.Connect == "traffic", !said:
	case r.pointless("idle_timeout", "connect"):
		r.p.IdleTimeout = 0
	default:
		r.wrong(r.at("idle_timeout"), "idle_timeout", `only connect = "traffic" has an idle timeout`, "")
	}
}

func (r *reader) checkInside() {
	_, networks := r.said("inside.networks")
	switch {
	case r.p.Extends() && !networks:
		r.wrong(r.at("mode"), "inside.networks", "mode "+r.p.Mode+" needs the networks behind this machine", r.allowedOf("inside.networks"))
	case r.p.Extends(), !networks:
	case r.pointless("inside.networks", "mode"):
		r.p.Inside.Networks = nil
	default:
		r.wrong(r.at("inside.networks"), "inside.networks", "only the network-extension modes have inside networks", "")
	}
}

// checkPrimary refuses a way back where there is nothing to come back from.
func (r *reader) checkPrimary() {
	switch {
	case !r.p.Primary.Return, len(r.p.Peers) != 1, r.p.AcceptBackupServers:
	case r.pointless("primary.return", "peers"), r.pointless("primary.return", "accept_backup_servers"):
		r.p.Primary.Return = false
	default:
		r.wrong(r.at("primary.return"), "primary.return", "there is only one peer", "")
	}
}

// checkOnce finds a peer that is listed twice in different spellings.
func (r *reader) checkOnce(peers []Peer) {
	for i, p := range peers {
		if slices.Contains(peers[:i], p) {
			r.wrong(r.at("peers"), "peers", quote(p.String())+" is there twice", r.allowedOf("peers"))
			return
		}
	}
}

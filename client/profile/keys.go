package profile

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// key describes one key of a profile. This table drives decoding, validation, errors and the documentation.
type key struct {
	path  string // "dpd.interval"; without a dot at the top
	kind  kind
	def   any    // default as TOML has it; nil for none
	doc   string // one or two sentences
	weak  bool   // may make the tunnel weaker
	user  bool   // users may set it for their own sessions
	only  string // the one layer that may have it; "" for all
	live  Impact // what a change does to a tunnel that is up; "" is Reconnect
	later bool   // known, but not available in this version
}

// secretKeys are never quoted by an error, and print as "redacted".
var secretKeys = []string{"group.key", "xauth.password"}

// maxLocked bounds managed.locked.
const maxLocked = 64

const (
	proposals1 = "1 to 24 of cipher-hash-group"
	proposals2 = "1 to 24 of cipher-hash or an AES-GCM cipher alone"
)

// keys is the table, in the order of the documentation. It is written once and only read.
var keys = []key{
	{path: "name", kind: text(func(p *Profile) *string { return &p.Name }, 64, "a-z, 0-9, then also . _ -; at most 64", checkName),
		doc: "Name of the profile, for `ezvpn up NAME`. Without it, the name of the file counts, without `.toml`."},
	{path: "connect", user: true, live: Live, kind: choice(func(p *Profile) *string { return &p.Connect }, []string{"manual", "auto", "traffic"}), def: "manual",
		doc: "`manual` connects when it is asked to, and stops when all peers were tried; `auto` connects when the service starts and keeps trying; `traffic` connects when a packet for the inside waits, and goes back to waiting after idle_timeout."},
	{path: "idle_timeout", user: true, live: Live, kind: idle(),
		doc: "With connect traffic: seconds without a packet in either direction after which the tunnel is taken down; 1800 unless said."},
	{path: "mode", kind: choice(func(p *Profile) *string { return &p.Mode }, []string{"client", "network-extension", "network-extension-plus"}), def: "client",
		doc: "`client` gets an address from the gateway; `network-extension` shows the networks under [inside] to the other side and gets no address; `network-extension-plus` does so and gets an address as well, for this machine itself."},
	{path: "peers", live: Live, kind: list(func(p *Profile) *[]Peer { return &p.Peers }, 16, "1 to 16 host names or IPv4 addresses, each with :port if it is not 500", parsePeer, Peer.String),
		doc: "The gateways, in the order in which they are tried. Required."},
	{path: "preset", live: Nothing, kind: choice(func(p *Profile) *string { return &p.Preset }, presetNames()),
		doc: "Fills what the profile does not say with what a kind of gateway wants; see Presets."},
	{path: "accept_backup_servers", live: Live, kind: boolean(func(p *Profile) *bool { return &p.AcceptBackupServers }), def: true,
		doc: "Whether backup servers that the gateway pushes take the place of the peers after the first one for the session, at most 10 of them. An empty list that is pushed means that there are none."},

	{path: "group.name", kind: text(func(p *Profile) *string { return &p.Group.Name }, 128, "1 to 128 bytes, no control characters", nil),
		doc: "Name of the group at the gateway, the identity of phase 1. Required."},
	{path: "group.id_type", kind: choice(func(p *Profile) *string { return &p.Group.IDType }, []string{"key-id", "fqdn", "user-fqdn", "address"}), def: "key-id",
		doc: "How the name is sent: KEY_ID (Cisco and most others), FQDN, USER_FQDN, or IPV4_ADDR, where the name is an address."},
	{path: "group.key", kind: secret(func(p *Profile) *Secret { return &p.Group.Key }, 255),
		doc: "The pre-shared group key. It, or key_file, is required. It is a secret: the service seals it and takes it out of the file."},
	{path: "group.key_file", kind: text(func(p *Profile) *string { return &p.Group.KeyFile }, 255, "the name of a file beside the profile, or an absolute path", checkPath),
		doc: "File that holds the group key, in place of key. Only for profiles of the machine; the service reads it, and refuses it if others than root may."},

	{path: "xauth.username", user: true, kind: text(func(p *Profile) *string { return &p.XAUTH.Username }, 255, "1 to 255 bytes, no control characters", nil),
		doc: "User name for XAUTH; asked for where it is not given."},
	{path: "xauth.password", live: Nothing, kind: secret(func(p *Profile) *Secret { return &p.XAUTH.Password }, 255), weak: true,
		doc: "Password for XAUTH, for machines where nobody can be asked. It is a secret: the service seals it and takes it out of the file."},
	{path: "xauth.save", user: true, live: Live, kind: boolean(func(p *Profile) *bool { return &p.XAUTH.Save }), def: false, weak: true,
		doc: "Whether a typed password is kept in memory for the session, so that a failover does not ask again, and sealed for later ones with `ezvpn up --remember`; the gateway must allow it too."},
	{path: "xauth.domain", user: true, kind: text(func(p *Profile) *string { return &p.XAUTH.Domain }, 255, "1 to 255 bytes, no control characters", nil),
		doc: "Domain for gateways that ask for one beside the user name."},

	{path: "dpd.interval", live: Live, kind: seconds(func(p *Profile) *time.Duration { return &p.DPD.Interval }, 10, 3600), def: int64(10),
		doc: "Seconds of silence before the peer is asked whether it lives. Required in a [dpd] table; 10 where there is none."},
	{path: "dpd.retry", live: Live, kind: seconds(func(p *Profile) *time.Duration { return &p.DPD.Retry }, 2, 60), def: int64(2),
		doc: "Seconds between questions after one was not answered. Five unanswered ones mean that the peer is dead."},
	{path: "dpd.mode", live: Live, kind: choice(func(p *Profile) *string { return &p.DPD.Mode }, []string{"on-demand", "periodic"}), def: "on-demand",
		doc: "`on-demand` asks only while traffic waits for an answer; `periodic` asks after each interval of silence."},

	{path: "ike.proposals", live: Nothing, kind: list(func(p *Profile) *[]Phase1 { return &p.IKE.Proposals }, 24, proposals1, ParsePhase1, Phase1.String), def: defaultIKE, weak: true,
		doc: "Phase 1 proposals. Aggressive Mode sends one Diffie-Hellman group at a time, so each group is an attempt of its own, in the order given."},
	{path: "ike.exchange", kind: choice(func(p *Profile) *string { return &p.IKE.Exchange }, []string{"aggressive"}, "main"), def: "aggressive",
		doc: "Exchange of phase 1. Group keys need Aggressive Mode."},
	{path: "ike.lifetime", live: Nothing, kind: seconds(func(p *Profile) *time.Duration { return &p.IKE.Lifetime }, 300, 604800), def: int64(86400),
		doc: "Life of the ISAKMP SA that is proposed, in seconds; the gateway may shorten it."},
	{path: "ike.fragmentation", kind: boolean(func(p *Profile) *bool { return &p.IKE.Fragmentation }), def: true,
		doc: "Whether Cisco IKE fragmentation is announced."},
	{path: "ike.local_port", kind: port(), def: int64(0),
		doc: "UDP port of this side; 0 for any. 500 for the rare gateway that wants it."},
	{path: "ike.app_version", live: Nothing, kind: text(func(p *Profile) *string { return &p.IKE.AppVersion }, 128, "1 to 128 bytes, no control characters", nil), def: "ezvpn",
		doc: "What is said of this client in Mode Config (APPLICATION_VERSION); some gateways let in only what they know."},
	{path: "ike.peer_id", kind: text(func(p *Profile) *string { return &p.IKE.PeerID }, 255, "an IPv4 address, user@host, or a host name", checkIdentity),
		doc: "Identity that the gateway must have in phase 1. Without it, any that knows the group key is taken."},

	{path: "esp.proposals", live: Nothing, kind: list(func(p *Profile) *[]Phase2 { return &p.ESP.Proposals }, 24, proposals2, ParsePhase2, Phase2.String), def: defaultESP, weak: true,
		doc: "Phase 2 proposals, in the order given."},
	{path: "esp.pfs", kind: pfs(), def: "none", weak: true,
		doc: "Diffie-Hellman group of Quick Mode. `none` exchanges no new keys unless the gateway asks for it in Mode Config."},
	{path: "esp.lifetime", live: Nothing, kind: seconds(func(p *Profile) *time.Duration { return &p.ESP.Lifetime }, 60, 86400), def: int64(3600),
		doc: "Life of an IPsec SA that is proposed, in seconds; the gateway may shorten it."},
	{path: "esp.per_network", kind: boolean(func(p *Profile) *bool { return &p.ESP.PerNetwork }), def: false,
		doc: "Whether each split network gets an IPsec SA of its own, in place of one for everything."},

	{path: "inside.networks", kind: list(func(p *Profile) *[]netip.Prefix { return &p.Inside.Networks }, 16, "1 to 16 IPv4 networks", parseNetwork, netip.Prefix.String),
		doc: "Networks behind this machine, for the network-extension modes, one IPsec SA each. This machine forwards between them and the tunnel."},
	{path: "inside.interfaces", later: true, kind: list(func(p *Profile) *[]string { return &p.Inside.Interfaces }, 16, "names of interfaces", func(s string) (string, error) { return s, nil }, strings.Clone),
		doc: "Interfaces behind this machine."},

	{path: "nat.mode", kind: choice(func(p *Profile) *string { return &p.NAT.Mode }, []string{"force", "auto", "drafts"}), def: "force",
		doc: "`force` makes the gateway see a NAT, so that ESP travels in UDP; `auto` says the truth; `drafts` is `force` with the drafts of NAT-T only, for gateways whose RFC 3947 is broken."},
	{path: "nat.keepalive", live: Live, kind: seconds(func(p *Profile) *time.Duration { return &p.NAT.Keepalive }, 5, 3600), def: int64(20),
		doc: "Seconds of silence after which a NAT keepalive is sent."},

	{path: "routes.local_lan", live: Live, kind: boolean(func(p *Profile) *bool { return &p.Routes.LocalLAN }), def: false, weak: true,
		doc: "Whether private networks that the gateway names as local stay outside the tunnel."},
	{path: "routes.exclude", live: Live, kind: list(func(p *Profile) *[]netip.Prefix { return &p.Routes.Exclude }, 64, "1 to 64 IPv4 networks", parseNetwork, netip.Prefix.String), weak: true,
		doc: "Networks that stay outside the tunnel whatever the gateway says."},
	{path: "routes.metric", live: Live, kind: number(func(p *Profile) *int { return &p.Routes.Metric }, 0, 9999), def: int64(0),
		doc: "Metric of the routes into the tunnel; 0 is the system's own choice."},

	{path: "dns.mode", live: Live, kind: choice(func(p *Profile) *string { return &p.DNS.Mode }, []string{"split", "full", "off"}),
		doc: "Which questions go to the name servers of the tunnel: those for its domains, all, or none. Without it, the gateway's networks decide: all with a full tunnel, its domains with a split one."},

	{path: "primary.return", live: Live, kind: boolean(func(p *Profile) *bool { return &p.Primary.Return }), def: false,
		doc: "Whether to go back to the first peer when it answers again. The tunnel through the other peer stays until the new one is up."},
	{path: "primary.hold", live: Live, kind: seconds(func(p *Profile) *time.Duration { return &p.Primary.Hold }, 10, 86400), def: int64(60),
		doc: "Seconds that a tunnel through another peer is kept before the first peer is tried again, and between two such tries. Up to a half more is added by chance, so that many machines do not go back at once."},

	{path: "security.allow", weak: true, kind: list(func(p *Profile) *[]string { return &p.Security.Allow }, 3, `"`+strings.Join(weakWords(), `", "`)+`"`, allowWord, strings.Clone),
		doc: "Weak algorithms that may be used, one by one. The defaults and presets then offer them last; a proposal that names a weak one without this is an error."},
	{path: "security.kill_switch", later: true, kind: boolean(func(p *Profile) *bool { return &p.Security.KillSwitch }),
		doc: "Whether the firewall blocks what should be in the tunnel while it is not up."},
	{path: "managed.by", only: Managed, live: Nothing, kind: word(64, "1 to 64 bytes, no control characters"),
		doc: "Who manages this profile, for everybody who asks why a key cannot be changed."},
	{path: "managed.locked", only: Managed, live: Nothing, kind: lockable(),
		doc: "Keys (`dpd.interval`) and tables (`dpd`) that nobody below may change, beside those that this file sets. A key that is locked and not set here keeps what the machine's file says."},
}

func find(path string) (key, bool) {
	for _, k := range keys {
		if k.path == path {
			return k, true
		}
	}
	return key{}, false
}

// tables are the names before the dot, in order.
func tables() []string {
	var out []string
	for _, k := range keys {
		if t, _, dot := strings.Cut(k.path, "."); dot && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func allowWord(s string) (string, error) {
	if !slices.Contains(weakWords(), s) {
		return "", fmt.Errorf("%s is not a weak algorithm that can be allowed", quote(s))
	}
	return s, nil
}

// checkPath takes one path element, or a whole path; nothing that climbs out of a directory.
func checkPath(s string) string {
	absolute := strings.HasPrefix(s, "/") || len(s) > 3 && s[1] == ':' && (s[2] == '\\' || s[2] == '/')
	if s == "." || s == ".." || !absolute && strings.ContainsAny(s, `/\:`) {
		return quote(s) + " is a path that depends on where it is read"
	}
	return ""
}

// idle is set only where it has a meaning.
func idle() kind {
	k := seconds(func(p *Profile) *time.Duration { return &p.IdleTimeout }, 60, 86400)
	get := k.get
	k.get = func(p *Profile) any {
		if p.IdleTimeout == 0 {
			return nil
		}
		return get(p)
	}
	return k
}

// port is any, the IKE port, or one that no service of the system has.
func port() kind {
	k := number(func(p *Profile) *uint16 { return &p.IKE.LocalPort }, 0, 65535)
	set := k.set
	k.allowed = "0, 500, or 1024 to 65535"
	k.set = func(p *Profile, v any) string {
		if n, ok := v.(int64); ok && n > 0 && n < 1024 && n != 500 {
			return fmt.Sprintf("%d belongs to another service", n)
		}
		return set(p, v)
	}
	return k
}

func pfs() kind {
	k := choice(func(*Profile) *string { return new(string) }, append([]string{"none"}, words(groups)...))
	check := k.set
	k.set = func(p *Profile, v any) string {
		if why := check(p, v); why != "" {
			return why
		}
		p.ESP.PFS = 0
		for _, g := range groups {
			if g.word == v.(string) {
				p.ESP.PFS = g.num1
			}
		}
		return ""
	}
	k.get = func(p *Profile) any { return groupWord(p.ESP.PFS) }
	return k
}

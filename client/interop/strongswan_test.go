//go:build interop && linux

package interop

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ezvpn/client/status"
)

// group is one way in which the gateways serve clients.
type group struct {
	name    string   // of the case
	id      string   // of the group
	more    string   // lines of the profile
	include []string // networks that the gateway pushes; %d is its number
	reach   []string // inside hosts; %d is the gateway's number
	size    string   // bytes to move each way
	sas     int      // IPsec SAs
}

const (
	megabyte = "1000000"
	short    = "10000000"
	long     = "100000000"
)

var groups = []group{
	{name: "ezgroup", id: "ezgroup", include: []string{"10.20.0.0/16"},
		reach: []string{"10.20.0.10", "10.20.%d.10"}, size: long, sas: 1},
	{name: "eztwo", id: "eztwo", include: []string{"10.20.0.0/24", "10.20.%d.0/24"},
		reach: []string{"10.20.0.10", "10.20.%d.10"}, size: long, sas: 1},
	{name: "eztwo-per-network", id: "eztwo", more: "[esp]\nper_network = true\n",
		include: []string{"10.20.0.0/24", "10.20.%d.0/24"},
		reach:   []string{"10.20.0.10", "10.20.%d.10"}, size: short, sas: 2},
	{name: "ezfull", id: "ezfull", include: []string{"0.0.0.0/0"},
		reach: []string{"10.20.0.10", "203.0.113.80"}, size: long, sas: 1},
	{name: "ezpfs", id: "ezpfs", more: "[esp]\npfs = \"modp2048\"\n", include: []string{"10.20.0.0/16"},
		reach: []string{"10.20.0.10"}, size: long, sas: 1},
	{name: "ezfqdn", id: "group.ez.example", more: "[group]\nid_type = \"fqdn\"\n", include: []string{"10.20.0.0/16"},
		reach: []string{"10.20.0.10"}, size: short, sas: 1},
}

// place is where a client stands, and the gateway that it uses. Each has one of its own, so that both work at once.
type place struct {
	name string
	host host
	gw   gateway
}

var places = []place{{"nat", behindNAT, 1}, {"nonat", direct, 2}}

// cipher is the ESP transform that the client offers.
type cipher struct{ name, proposal, shown string }

var ciphers = []cipher{{"gcm", "aes128gcm16", "AES-GCM"}, {"cbc", "aes128-sha1", "AES-CBC"}}

// TestStrongSwan carries traffic through strongSwan, once for each group, place and cipher.
func TestStrongSwan(t *testing.T) {
	var all sync.WaitGroup
	for _, p := range places {
		all.Go(func() {
			for _, g := range groups {
				for _, c := range ciphers {
					t.Run(strings.Join([]string{g.name, p.name, c.name}, "-"), func(t *testing.T) { g.test(t, p, c) })
				}
			}
		})
	}
	all.Wait()
}

// here puts the gateway's number into a text.
func here(s string, gw gateway) string { return strings.ReplaceAll(s, "%d", gw.number()) }

func (g group) profile(gw gateway, c cipher) string {
	tables := map[string]string{
		"[group]\n": fmt.Sprintf("name = %q\nkey = \"group-secret\"\n", g.id),
		"[esp]\n":   fmt.Sprintf("proposals = [%q]\n", c.proposal),
	}
	text := fmt.Sprintf("peers = [%q]\n", gw.address())
	for _, table := range []string{"[group]\n", "[esp]\n"} {
		own := ""
		if lines, ok := strings.CutPrefix(g.more, table); ok {
			own = lines
		}
		text += table + tables[table] + own
	}
	return text
}

func (g group) test(t *testing.T, p place, c cipher) {
	mark := len(p.gw.log(t))
	p.gw.onFailure(t, mark)
	before, fragmentsBefore := p.host.settings(t), fragments(t)
	d := start(t, p.host)
	d.profile(t, g.id, g.profile(p.gw, c))
	r := d.up(t, g.id)
	if !strings.Contains(r.out+r.err, "Authorised use only") {
		t.Errorf("the gateway's banner is not shown:\n%s%s", r.out, r.err)
	}
	g.traffic(t, p)
	if now := fragments(t); now != fragmentsBefore {
		t.Errorf("outer packets were fragmented: %s fragments, %s before", now, fragmentsBefore)
	}
	address := g.status(t, d, p, c)
	d.down(t)
	eventually(t, 10*time.Second, "the gateway forgets the SAs of "+address, func() bool { return !p.gw.holds(t, address) })
	if now := p.host.settings(t); now != before {
		t.Errorf("the machine is not as before:\n%s\n--- before:\n%s", now, before)
	}
}

// traffic shows that packets pass, that nothing in them changes, and that names are found.
func (g group) traffic(t *testing.T, p place) {
	t.Helper()
	for _, to := range g.reach {
		p.host.run(t, "ping", "-c2", "-i0.2", "-W2", here(to, p.gw))
	}
	if who := p.host.blob(t, "whoami", "10.20.0.10"); who != "gw"+p.gw.number() {
		t.Errorf("whoami says %q, want gw%d", who, int(p.gw))
	}
	t.Log(p.host.blob(t, "get", "10.20.0.10", g.size))
	t.Log(p.host.blob(t, "put", "10.20.0.10", g.size))
	resolves(t, p.host, "corp.example", "10.20.0.10")
	resolves(t, p.host, "gw.corp.example", here("10.20.%d.10", p.gw))
}

// status shows that both forms of the status tell what the tunnel is. It returns the address that the gateway gave.
func (g group) status(t *testing.T, d *daemon, p place, c cipher) (address string) {
	t.Helper()
	s := d.snapshot(t)
	g.document(t, s, p, c)
	if t.Failed() || s.Network == nil {
		t.FailNow()
	}
	address = s.Network.Address.String()
	r := d.ezvpn(t, "", "status")
	want := []string{p.gw.address(), address, "10.20.0.53", "10.20.0.54", s.ISAKMP.Encryption, s.ISAKMP.Hash,
		c.shown, "DPD", "bytes|KB|MB|kB|MiB|KiB", "Welcome to gateway"}
	for _, sa := range s.IPsec {
		want = append(want, sa.InSPI, sa.OutSPI)
	}
	if g.include[0] != "0.0.0.0/0" {
		for _, n := range g.include {
			want = append(want, here(n, p.gw))
		}
	}
	for _, w := range want {
		if !regexp.MustCompile(w).MatchString(r.out) {
			t.Errorf("ezvpn status does not show %q:\n%s", w, r.out)
		}
	}
	return address
}

// listed says that the gateway of the profile is in use, and that those which it pushed come after it.
func listed(peers []status.Peer, gw gateway) bool {
	want := slices.DeleteFunc([]gateway{2, 3}, func(g gateway) bool { return g == gw })
	if len(peers) != 1+len(want) || !strings.HasPrefix(peers[0].Address, gw.address()+":") || peers[0].Health != "active" {
		return false
	}
	for i, g := range want {
		if p := peers[1+i]; p.Name != g.address() || p.Origin != "pushed" || p.Health != "unknown" {
			return false
		}
	}
	return true
}

func (g group) document(t *testing.T, s status.Snapshot, p place, c cipher) {
	t.Helper()
	now := time.Now()
	switch {
	case s.State != status.Active:
		t.Errorf("state is %s", s.State)
	case !listed(s.Peers, p.gw):
		t.Errorf("peers are %+v", s.Peers)
	case s.Network == nil || !strings.HasPrefix(s.Network.Address.String(), here("10.99.%d.", p.gw)):
		t.Errorf("network is %+v", s.Network)
	case fmt.Sprint(s.Network.DNS) != "[10.20.0.53 10.20.0.54]" || s.Network.Domain != "corp.example":
		t.Errorf("DNS is %+v", s.Network)
	case fmt.Sprint(s.Network.Include) != here(fmt.Sprint(g.include), p.gw):
		t.Errorf("networks are %v, want %v", s.Network.Include, g.include)
	case s.ISAKMP == nil || s.ISAKMP.Encryption == "" || s.ISAKMP.Hash == "" || !s.ISAKMP.Expires.After(now):
		t.Errorf("ISAKMP SA is %+v", s.ISAKMP)
	case len(s.IPsec) != g.sas:
		t.Errorf("%d IPsec SAs, want %d", len(s.IPsec), g.sas)
	case s.DPD.Mode == "" || s.DPD.Mode == "unsupported" || s.DPD.Interval == 0:
		t.Errorf("DPD is %+v", s.DPD)
	case s.Traffic.InBytes < 1_000_000 || s.Traffic.OutBytes < 1_000_000:
		t.Errorf("traffic is %+v", s.Traffic)
	}
	for _, sa := range s.IPsec {
		if !strings.Contains(sa.Encryption, c.shown) || !sa.Expires.After(now) || sa.InSPI == "" || sa.OutSPI == "" {
			t.Errorf("IPsec SA is %+v", sa)
		}
	}
}

package probe

import (
	"fmt"
	"slices"
	"strings"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/ike/isakmp"
)

// Report is what is known in the end, and meanwhile.
type Report struct {
	Exchange string        `json:"exchange"` // "main", "aggressive"
	Port     uint16        `json:"port"`     // on which it answered, or was asked last
	XAUTH    bool          `json:"xauth"`    // asked with XAUTH; false if it takes the group key alone
	Asked    int           `json:"questions"`
	Sent     int           `json:"datagrams"`
	Answered bool          `json:"answered"`
	Complete bool          `json:"complete"`      // everything was asked, and answered as far as it answers
	Quiet    bool          `json:"quiet"`         // it says nothing to what it does not take, so a loss can look like a refusal
	Why      string        `json:"why,omitempty"` // it is not
	Accepted []Accepted    `json:"accepted"`      // the strongest first
	Groups   []GroupAnswer `json:"groups"`
	Vendors  []string      `json:"vendors"` // in words, or in hex
	Best     []string      `json:"best"`    // for ike.proposals: the strongest that it takes, weak ones only if there is nothing else
	Allow    []string      `json:"allow"`   // for security.allow, which weak ones need
	Advice   []string      `json:"advice"`
}

// Accepted is one proposal that the gateway takes.
type Accepted struct {
	Proposal string   `json:"proposal"` // "aes256-sha256-modp2048"
	Grade    string   `json:"grade"`    // "strong", "fair", "weak"
	Reasons  []string `json:"reasons,omitempty"`
	group    string
	rank     int
}

// GroupAnswer is what became of the questions about one Diffie-Hellman group.
type GroupAnswer struct {
	Group  string `json:"group"`
	Answer string `json:"answer"`         // "accepted": something of it; "refused", "silent"
	Says   string `json:"says,omitempty"` // the notify of a refusal
}

const maxVendors = 32

func (r *Report) vendor(v isakmp.Vendor) {
	s := status.FilterLine(v.String())
	if !slices.Contains(r.Vendors, s) && len(r.Vendors) < maxVendors {
		r.Vendors = append(r.Vendors, s)
	}
}

func (r *Report) accept(group string, p profile.Phase1) {
	grade, rank, reasons := Grade(p)
	r.Accepted = append(r.Accepted, Accepted{Proposal: p.String(), Grade: grade, Reasons: reasons, group: group, rank: rank})
	slices.SortStableFunc(r.Accepted, func(a, b Accepted) int { return b.rank - a.rank })
}

// Grade rates a phase 1 proposal: "weak" has a part that is broken or small enough to be broken, "fair" one that is old.
// Rank orders proposals, the strongest highest.
func Grade(p profile.Phase1) (grade string, rank int, reasons []string) {
	weak, fair := false, false
	add := func(level *bool, format string, args ...any) {
		*level = true
		reasons = append(reasons, fmt.Sprintf(format, args...))
	}
	switch p.Group {
	case 2:
		add(&weak, "Diffie-Hellman group 2 (1024 bits) can be broken by those who can pay for it")
	case 5:
		add(&fair, "Diffie-Hellman group 5 (1536 bits) is small")
	}
	switch p.Hash {
	case 1:
		add(&weak, "MD5")
	case 2:
		add(&fair, "SHA-1 is old, though not broken in this use")
	}
	if p.Cipher == 5 {
		add(&weak, "3DES is slow, and its blocks are short")
	}
	switch {
	case weak:
		grade, rank = "weak", -2000-1000*len(reasons)
	case fair:
		grade, rank = "fair", -1000
	default:
		grade = "strong"
	}
	strength := map[uint16]int{2: 0, 5: 1, 14: 3, 15: 4, 19: 5, 31: 6, 16: 5, 20: 6, 21: 7}
	hash := map[uint16]int{1: 0, 2: 1, 4: 3, 5: 4, 6: 4}
	return grade, rank + 100*strength[p.Group] + 10*hash[p.Hash] + p.KeyBits/64, reasons
}

// finish draws the conclusions.
func (r *Report) finish(why string) {
	r.Complete, r.Why = why == "", why
	r.Best, r.Allow, r.Advice = []string{}, []string{}, []string{}
	for _, g := range r.Groups {
		r.Answered = r.Answered || g.Answer != "silent"
	}
	r.Answered = r.Answered || len(r.Accepted) > 0
	for _, a := range r.Accepted {
		if len(r.Best) < maxBest && a.Grade == r.Accepted[0].Grade {
			r.Best = append(r.Best, a.Proposal)
		}
	}
	for _, word := range []string{"3des", "md5", "modp1024"} {
		if slices.ContainsFunc(r.Best, func(p string) bool { return slices.Contains(strings.Split(p, "-"), word) }) {
			r.Allow = append(r.Allow, word)
		}
	}
	switch {
	case !r.Answered:
		r.Advice = append(r.Advice, "it may answer nothing but Aggressive Mode of a group that it knows (try --group NAME), only the source port 500, or nothing gets through: ezvpn doctor tells")
		return
	case len(r.Accepted) == 0:
		r.Advice = append(r.Advice, "it answers and takes none of the proposals: it may want certificates, or a group that it knows (try --group NAME)")
		return
	}
	if r.Quiet {
		r.Advice = append(r.Advice, "it refuses by silence: on a network that loses datagrams it may take more than was found")
	}
	if r.Accepted[0].Grade == "weak" {
		r.Advice = append(r.Advice, "ask its administrator for aes256-sha256-modp2048")
	}
	if weak := count(r.Accepted, "weak"); weak > 0 && weak < len(r.Accepted) {
		r.Advice = append(r.Advice, fmt.Sprintf("%d weak proposals that it also takes are not in the profile; its administrator can switch them off", weak))
	}
	if r.Exchange == "aggressive" {
		r.Advice = append(r.Advice, "its answer in Aggressive Mode lets a listener guess at the group key offline: the key should be long and random")
	}
	if !r.XAUTH {
		r.Advice = append(r.Advice, "it takes the group key without XAUTH: whoever has the key is in")
	}
}

// maxBest is how many proposals a profile made of it lists.
const maxBest = 8

func count(all []Accepted, grade string) (n int) {
	for _, a := range all {
		if a.Grade == grade {
			n++
		}
	}
	return n
}

// Report is what is known by now.
func (m *Machine) Report() Report { return m.report }

// Profile is a profile for this gateway, in the form of a profile file. The group key is not in it: key_file names the
// file that is to hold it.
func (r Report) Profile(peer, group string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made from what the gateway answered. Put the group key into the file group.key beside this one, readable by root only.\n")
	if r.Port != 500 {
		peer += fmt.Sprintf(":%d", r.Port)
	}
	if group == "" {
		group = "GROUP"
		b.WriteString("# The name of the group is not known: write it below.\n")
	}
	fmt.Fprintf(&b, "peers = [%s]\n\n[group]\nname = %s\nkey_file = \"group.key\"\n\n[ike]\nproposals = [%s]\n", quoted(peer), quoted(group), quoted(r.Best...))
	if len(r.Allow) > 0 {
		fmt.Fprintf(&b, "\n[security]\nallow = [%s]\n", quoted(r.Allow...))
	}
	return b.String()
}

// quoted writes texts as TOML basic strings.
func quoted(all ...string) string {
	var out []string
	for _, s := range all {
		out = append(out, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(status.FilterLine(s))+`"`)
	}
	return strings.Join(out, ", ")
}

package gateway

import (
	"net/netip"
	"time"

	"ezvpn/ike"
	"ezvpn/ike/keymat"
)

// Policy is what a gateway knows and grants. It is not changed after Serve.
type Policy struct {
	Name   string            // for the banner and the page: "gw1"
	Groups map[string]string // group key by identity data
	Users  map[string]string // XAUTH password by user name; empty: no XAUTH is asked for
	Rounds []Round           // further XAUTH rounds after user and password

	Phase1 []ike.Phase1
	Phase2 []ike.Suite
	PFS    keymat.Group // demanded, 0 for none
	Life1  time.Duration
	Life2  time.Duration
	KBytes uint64 // life of an IPsec SA in kilobytes, 0 for none

	Pool  netip.Prefix   // virtual addresses, the first is not given out
	Net   ike.ModeConfig // what Mode Config gives beside the address
	NoDPD bool           // does not announce dead peer detection, nor answer it
	Push  bool           // SET the configuration after XAUTH instead of waiting for a REQUEST

	Redirect netip.Addr // every client is sent on to this gateway once phase 1 is up; invalid for none

	// Inside narrows a proposed 0.0.0.0/0, as strongSwan and FortiGate do; empty accepts what is proposed.
	Inside []netip.Prefix
}

// Round is one more XAUTH question: a passcode, a challenge, a new PIN.
type Round struct {
	Kind    uint16 // XAUTH-TYPE
	Fields  []ike.XAUTHField
	Message string
	Want    map[string]string // the right answer by field
}

// Fault is one named way to misbehave. Each one was seen in the field, or is feared.
type Fault string

const (
	Silent             Fault = "silent"               // answers nothing at all any more
	SilentAfterPhase1  Fault = "silent-after-phase1"  // secured, then nothing
	SilentAfterXAUTH   Fault = "silent-after-xauth"   // Mode Config is never answered
	SilentAfterConfig  Fault = "silent-after-config"  // Quick Mode is never answered
	WrongGroupKey      Fault = "wrong-group-key"      // HASH_R of another key, as an ASA does for unknown groups
	RefuseProposal     Fault = "refuse-proposal"      // NO-PROPOSAL-CHOSEN in clear
	RefuseQuickMode    Fault = "refuse-quick-mode"    // NO-PROPOSAL-CHOSEN, protected
	PoolEmpty          Fault = "pool-empty"           // Mode Config without an address
	XAUTHEndless       Fault = "xauth-endless"        // asks for the password again and again
	DPDIgnored         Fault = "dpd-ignored"          // R-U-THERE is not answered, ESP flows
	ForgetSAs          Fault = "forget-sas"           // as after a restart: everything is unknown
	DeleteAfterConnect Fault = "delete-after-connect" // ISAKMP Delete as soon as the IPsec SA is up
	WidenSelector      Fault = "widen-selector"       // answers with more than was proposed
)

// Demo is the policy of the demo and of most tests: one group, one user, a split network with a page in it.
func Demo(name string) Policy {
	return Policy{
		Name:   name,
		Groups: map[string]string{"ezgroup": "group-secret"},
		Users:  map[string]string{"alice": "alice-pw"},
		Phase1: []ike.Phase1{
			{Cipher: keymat.AES, KeyBits: 256, Hash: keymat.SHA256, Group: 14},
			{Cipher: keymat.AES, KeyBits: 128, Hash: keymat.SHA1, Group: 14},
		},
		Phase2: []ike.Suite{{Cipher: 20, KeyBits: 128}, {Cipher: 12, KeyBits: 256, Auth: 5}, {Cipher: 12, KeyBits: 128, Auth: 2}},
		Life1:  24 * time.Hour, Life2: time.Hour,
		Pool: netip.MustParsePrefix("10.99.1.0/24"),
		Net: ike.ModeConfig{
			Netmask: netip.MustParseAddr("255.255.255.0"),
			DNS:     []netip.Addr{netip.MustParseAddr("10.20.0.53")}, Domain: "corp.example",
			SplitDNS: []string{"corp.example"}, Include: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")},
			Banner: "Welcome to " + name + ". Authorised use only.", Version: "ezvpn test gateway", PFS: -1, SavePassword: true,
		},
	}
}

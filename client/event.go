package client

import (
	"net/netip"
	"time"

	"ezvpn/client/profile"
	"ezvpn/ike"
	"ezvpn/tunnel"
	"ezvpn/tunnel/host"
)

// event is what happens to the machine.
type event interface{}

type (
	evConnect struct {
		profile *profile.Profile
		options ConnectOptions
		dice    uint64 // for jitter
	}
	evDisconnect struct{}
	evAmended    struct{ profile *profile.Profile } // the profile of this session is another one now
	evClear      struct{}                           // delete the SAs; connect anew unless manual
	evResolved   struct {
		addrs []netip.Addr
		err   error
		back  bool // it was asked for the way back to the first peer
	}
	evDialFailed struct{ err error }       // no socket, no route
	evIKE        struct{ event ike.Event } // of the association in use
	evOther      struct {
		assoc int // another one: a candidate, one that was replaced, or one that the gateway began
		event ike.Event
	}
	evOtherFailed struct { // no route for a candidate
		assoc int
		err   error
	}
	evAnswer struct {
		id     string
		fields map[string]profile.Secret
		cancel bool
	}
	evPeerDead  struct{ misses int }
	evHostReady struct {
		seq    int // of the actConfigure that is done
		inside tunnel.Inside
		iface  string
		mtu    int
		dnsBy  string
		notes  []string // what the machine could not do as asked
	}
	evHostFailed   struct{ err error }
	evDeviceFailed struct{ err error }
	evOutsideLost  struct{} // the socket is closed, and not by us
	evTornDown     struct{ err error }
	evTick         struct{} // the machine's deadline may have come
	evChanged      struct { // the machine woke up, or its network is not what it was
		reapply     bool // the machine is to be set again
		woke, moved bool
	}
	evProved struct{} // the peer was heard
	evWanted struct{} // a packet for the inside waits, and there is no tunnel
	evIdle   struct{} // no packet for the idle timeout
)

// action is what the machine wants done. The session carries it out; what goes wrong comes back as an event.
type action interface{}

type (
	actResolve struct {
		name string
		back bool
	}
	actDial struct {
		assoc   int
		to      netip.AddrPort
		profile *profile.Profile
		attempt int
		initial bool       // first association with this gateway since start
		renewal bool       // of the association in use, on the ports that it has
		address netip.Addr // to ask for again
		// patience is how long the first message may stay unanswered, 0 for as long as the engine repeats it
		patience time.Duration
	}
	actAnswer struct {
		assoc  int
		answer ike.XAUTHAnswer
	}
	actAdopt     struct{ from, to int } // the IPsec SAs pass to another association with the same gateway
	actProve     struct{}               // ask the peer at once whether it lives
	actAmend     struct{}               // keepalive and DPD of the profile as it is now
	actReopen    struct{}               // the outside is dead: another one is opened at the next dial
	actConfigure struct {
		seq  int
		host host.Config
		mtu  int
	}
	actInstall struct {
		assoc int
		sa    ike.IPsecSA
	}
	actRetire struct{ in uint32 }
	actHangUp struct { // Deletes are sent; the inside stays
		assoc int
		why   string
	}
	actDrop    struct{ assoc int } // forget the association without a word: the peer is dead
	actRelease struct{}            // put the machine back, close inside and outside
	actNote    struct{ kind, text string }
	actSyslog  struct{ text string } // in the wording of Cisco IOS
)

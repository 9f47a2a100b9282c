package client

import (
	"net/netip"

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
	}
	evDisconnect struct{}
	evClear      struct{} // delete the SAs; connect anew unless manual
	evResolved   struct {
		addrs []netip.Addr
		err   error
	}
	evDialFailed struct{ err error } // no socket, no route
	evIKE        struct{ event ike.Event }
	evAnswer     struct {
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
)

// action is what the machine wants done. The session carries it out; what goes wrong comes back as an event.
type action interface{}

type (
	actResolve struct{ name string }
	actDial    struct {
		to      netip.AddrPort
		profile *profile.Profile
		attempt int
		initial bool // first association with this gateway since start
	}
	actAnswer    struct{ answer ike.XAUTHAnswer }
	actConfigure struct {
		seq  int
		host host.Config
		mtu  int
	}
	actInstall struct{ sa ike.IPsecSA }
	actRetire  struct{ in uint32 }
	actHangUp  struct{ why string } // Deletes are sent; the inside stays
	actDrop    struct{}             // forget the association without a word: the peer is dead
	actRelease struct{}             // put the machine back, close inside and outside
	actNote    struct{ kind, text string }
)

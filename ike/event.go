package ike

import (
	"net/netip"
	"time"

	"ezvpn/ike/isakmp"
	"ezvpn/ike/keymat"
)

// Datagram is one UDP payload and where it comes from or goes to. Data never holds the non-ESP marker; Marker says
// whether it travels behind one. For received datagrams Remote is the source.
type Datagram struct {
	Local, Remote netip.AddrPort
	Marker        bool
	Data          []byte
}

// Event is what a Conn tells its owner. Each says what it obliges the owner to do.
type Event interface{ event() }

// Send asks for a datagram to be sent. Data is not used again by the Conn.
type Send struct{ Datagram }

// Secured says that the ISAKMP SA is up: the gateway proved that it knows the group key.
type Secured struct{ SA ISAKMPSA }

// ISAKMPSA describes a live ISAKMP SA, for status and for the rekey timers of the owner. No keys.
type ISAKMPSA struct {
	Initiator, Responder  isakmp.Cookie
	Suite                 Phase1
	XAUTH                 bool // the XAUTH authentication method was chosen
	PeerIdentity          Identity
	Remote                netip.AddrPort // after a float
	Marker                bool           // IKE and ESP travel in UDP with the marker from here
	NATLocal, NATRemote   bool           // what NAT-D said
	DPD, Unity, Fragments bool           // what the peer's vendor IDs announced
	Vendors               []string       // names of the vendor IDs, unknown ones in hex
	Since, Expires        time.Time      // hard expiry
}

// AskXAUTH asks for an answer to an XAUTH request; the owner calls Answer with the same Round.
type AskXAUTH struct {
	Round   int    // from 1
	Kind    uint16 // XAUTH-TYPE: 0 generic, 1 RADIUS-CHAP, 2 OTP, 3 S/KEY
	Fields  []XAUTHField
	Message string // the server's own text, unfiltered
}

// XAUTHField is one attribute that the gateway asks for, in the order of the request.
type XAUTHField struct {
	Name   string // "username", "password", "passcode", "challenge", "domain", "next-pin", "answer"
	Hidden bool   // not to be shown while typed
	Text   string // what came with it: the challenge, a proposed answer
}

// XAUTHAnswer answers AskXAUTH. Cancel sends STATUS=0 as the draft asks.
type XAUTHAnswer struct {
	Round  int
	Fields map[string]Secret // by XAUTHField.Name
	Cancel bool
}

// XAUTHDone reports the gateway's verdict. A refusal is followed by Failed.
type XAUTHDone struct {
	OK      bool
	Message string // unfiltered
}

// Configured carries what Mode Config gave, pulled or pushed; it may come again on a live tunnel.
type Configured struct{ Net ModeConfig }

// ModeConfig is what the gateway assigned. Strings are as received: whoever shows or uses them filters them first.
type ModeConfig struct {
	Address       netip.Addr // invalid in network-extension mode
	Netmask       netip.Addr
	Expires       time.Duration // INTERNAL_ADDRESS_EXPIRY, 0 if none
	DNS, NBNS     []netip.Addr
	Domain        string
	SplitDNS      []string
	Include       []netip.Prefix // empty: everything through the tunnel
	Exclude       []netip.Prefix // LOCAL_LAN
	Banner        string
	SavePassword  bool
	PFS           int // -1: not said
	BackupServers []string
	BackupSaid    bool     // the attribute was present, perhaps empty
	Version       string   // the gateway's APPLICATION_VERSION
	UDPPort       uint16   // Cisco IPsec over UDP, 0 if not said
	Dropped       []string // attributes that were refused, and why

	everything, saveSaid bool // 0.0.0.0/0 among Include; SAVE_PASSWD was present
}

// SAUp obliges the owner to install the IPsec SA: both directions when SA.Ready, else inbound only. A second SAUp of
// the same inbound SPI follows when the outbound direction may be used.
type SAUp struct{ SA IPsecSA }

// IPsecSA is a pair of ESP SAs from one Quick Mode. Keys are the owner's to clear when the SA retires.
type IPsecSA struct {
	Suite     Suite
	In, Out   SPIKeys
	Selector  Selector
	Ready     bool // the peer has the SA too: outbound may be used
	Since     time.Time
	Expires   time.Time // hard expiry
	Rekey     time.Time // when we start the next Quick Mode; zero: the peer's business
	Bytes     uint64    // hard volume, 0 for none
	PFS       keymat.Group
	Replaces  uint32 // inbound SPI of the SA that this one follows, 0 if none
	Initiated bool   // we started the Quick Mode
}

// SPIKeys is one direction: SPI in host order; Enc includes the 4 bytes of salt with AES-GCM.
type SPIKeys struct {
	SPI       uint32
	Enc, Auth Secret
}

// Selector says what an IPsec SA carries, from our point of view.
type Selector struct{ Local, Remote netip.Prefix }

// SADown says that an IPsec SA is gone: In is the inbound SPI.
type SADown struct {
	In  uint32
	Why string // "deleted by peer", "invalid at the peer", "expired", "replaced", "never confirmed", "closed"
}

// ProbeAcked says that the peer answered R-U-THERE with this sequence number.
type ProbeAcked struct{ Seq uint32 }

// Heard says that something authentic came from the peer; it feeds DPD.
type Heard struct{}

// Redirected asks for a new association with another gateway (Unity load balancing).
type Redirected struct{ To netip.Addr }

// Noted is a step worth a line in the log or the timeline. Text holds no secret.
type Noted struct {
	Step string // "sent", "received", "retransmit", "dropped", …: a short closed list, see doc.go
	Text string
}

// XAUTHReply is what the client answered; for the gateway's side only.
type XAUTHReply struct {
	Fields map[string]Secret // by XAUTHField.Name
	Failed bool              // STATUS=0: the client gave up
}

// ConfigAsked is a Mode Config REQUEST of the client; the gateway answers with ReplyConfig.
type ConfigAsked struct{ Attributes []uint16 }

// Expiring says that the ISAKMP SA should be renewed by a new association; At is its hard expiry. It comes once, on the
// client's side, early enough to ask a person for a code.
type Expiring struct{ At time.Time }

// SALife says that the peer shortened the life of an IPsec SA that is up. Bytes is 0 for none.
type SALife struct {
	In      uint32 // inbound SPI
	Expires time.Time
	Bytes   uint64
}

// Failed ends the association; nothing more comes from the Conn but the Sends before it.
type Failed struct{ Failure *Failure }

// Closed follows Close after the Deletes were given out as Sends.
type Closed struct{}

func (Send) event()        {}
func (Secured) event()     {}
func (AskXAUTH) event()    {}
func (XAUTHDone) event()   {}
func (Configured) event()  {}
func (SAUp) event()        {}
func (SADown) event()      {}
func (ProbeAcked) event()  {}
func (Heard) event()       {}
func (XAUTHReply) event()  {}
func (ConfigAsked) event() {}
func (Redirected) event()  {}
func (Expiring) event()    {}
func (SALife) event()      {}
func (Noted) event()       {}
func (Failed) event()      {}
func (Closed) event()      {}

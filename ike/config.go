package ike

import (
	"io"
	"net/netip"
	"time"

	"ezvpn/ike/keymat"
)

// Config is what one association with a gateway is started with. It is not changed by the Conn.
type Config struct {
	// Rand gives cookies, nonces, SPIs, message IDs and DH keys; nil is crypto/rand.Reader.
	Rand io.Reader
	// DH makes the key pair of one exchange; nil is keymat's own. Captures are replayed through it.
	DH func(g keymat.Group) (keymat.KeyPair, error)

	// Local and Remote are the outside addresses as we see them; NAT-D hashes cover them. A Remote port of 500
	// means plain IKE with a float to 4500; any other port carries the non-ESP marker from the first datagram and
	// does not float.
	Local, Remote netip.AddrPort
	NATT          NATT

	Identity     Identity  // what we say we are: the group name as KEY_ID, as a rule
	PeerIdentity *Identity // what the gateway must say it is; nil accepts any that knows the group key
	GroupKey     Secret    // the pre-shared group key

	// Phase1 is offered in this order. In Aggressive Mode all must name the same DH group.
	Phase1     []Phase1
	Phase1Life Life
	// Phase2 is offered in this order; PFS 0 offers none unless the gateway's Unity PFS attribute asks for it.
	Phase2     []Suite
	PFS        keymat.Group
	Phase2Life Life

	// XAUTH offers the XAUTHInit authentication methods (65001) ahead of the plain ones.
	XAUTH bool

	// Mode Config: what is asked for. NoAddress is network-extension mode. Address is asked for again, as by a renewal;
	// what counts is what the gateway answers.
	NoAddress  bool
	Address    netip.Addr
	Hostname   string // DDNS_HOSTNAME, may be empty
	AppVersion string // APPLICATION_VERSION, may be empty

	// Inside are the networks behind us in network-extension mode, one IPsec SA each. Empty: client mode, the
	// assigned address is our selector.
	Inside []netip.Prefix
	// SAPerNetwork proposes one IPsec SA per pushed split-include network in place of one for 0.0.0.0/0.
	SAPerNetwork bool

	// Patience is how long the first message may stay unanswered; 0 is as long as it is repeated, half a minute.
	Patience time.Duration

	InitialContact bool // first association with this gateway since start
	Renewal        bool // an association beside a live one, which it takes over: never INITIAL-CONTACT
	Disclose       bool // as Conn.Disclose, from the first message on
	NoFragments    bool // do not announce Cisco IKE fragmentation
	FragmentSize   int  // largest IKE datagram sent, bytes of UDP payload; 0 is 1280
}

// NATT says what is done about NAT traversal.
type NATT uint8

const (
	// NATTForce makes the gateway see a NAT, so that ESP always travels in UDP. It is the zero value because ESP
	// in UDP is the only form this product speaks.
	NATTForce NATT = iota
	// NATTAuto sends true NAT-D hashes. Without a NAT on the path ESP is still proposed in UDP.
	NATTAuto
	// NATTDrafts is NATTForce with the drafts only, for gateways whose RFC 3947 support is broken.
	NATTDrafts
)

// Identity is an IKE identity (RFC 2407 §4.6.2): Kind is an isakmp.ID… number.
type Identity struct {
	Kind uint8
	Data string // raw bytes: group name, FQDN, user@fqdn, or the 4 bytes of an address
}

// Phase1 is one proposal for the ISAKMP SA.
type Phase1 struct {
	Cipher  keymat.Cipher
	KeyBits int // 128, 192, 256; 0 for 3DES
	Hash    keymat.Hash
	Group   keymat.Group
}

// Suite is one proposal for an IPsec SA, in RFC numbers. esp.Suite has the same fields, so that one converts to the
// other without either package knowing the other.
type Suite struct {
	Cipher  uint8  // ESP transform: 3 3DES, 12 AES-CBC, 20 AES-GCM-16
	KeyBits uint16 // 0 for 3DES
	Auth    uint16 // 1 MD5, 2 SHA-1, 5/6/7 SHA2-256/384/512; 0 with AES-GCM
}

// Life is the life of an SA; zero values mean the peer's own limit, clamped by security limits.
type Life struct {
	Time      time.Duration
	Kilobytes uint64
}

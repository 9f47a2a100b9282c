package capturetest

import (
	"encoding/hex"
	"net/netip"
)

// Hex is a byte string, in hex in the JSON.
type Hex []byte

// UnmarshalText reads hex digits.
func (h *Hex) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

// Capture is one recording.
type Capture struct {
	Datagrams []Datagram `json:"-"`

	Name, Description, Exchange, Authentication string
	Group, PSK, User, Password                  string
	Addresses                                   struct {
		ClientPrivate netip.Addr `json:"client_private"`
		ClientPublic  netip.Addr `json:"client_public_nat"`
		Gateway       netip.Addr
	}
	CACert   Hex         `json:"ca_cert"`
	ISAKMP   []ISAKMPSA  `json:"ike_sas"`
	Messages []Message   // in the order of the recording
	ESP      []ESPPacket // in the order of the recording
	NATD     map[int]struct {
		Destination bool `json:"destination_matches"`
		Source      bool `json:"source_matches"`
		// The port that the hash of the destination is really over, and the port that the hash of the source is over
		// with the client's private address; nil where unknown.
		DestinationPort *uint16 `json:"destination_hash_is_for_port"`
		SourcePort      *uint16 `json:"source_client_private_port"`
	} `json:"nat_d"` // by frame: do the NAT-D hashes match addresses and ports of the datagram
	VPNC map[string]Hex `json:"vpnc_log"` // what vpnc itself logged
}

// ISAKMPSA is one ISAKMP SA; SA, KE, ID are payload bodies. What did not come to be is nil.
type ISAKMPSA struct {
	ICookie, RCookie Hex
	Initiator        netip.Addr
	Exchange         string
	PSK              string `json:"psk"` // empty with certificates
	Hash, Encryption string // "sha1", "sha256"; "aes-cbc", "3des-cbc"
	KeyLength        int    `json:"key_length"`
	AuthMethod       uint16 `json:"auth_method"`
	DHGroup          string `json:"dh_group"`
	SAI              Hex    `json:"sa_i"`
	SAR              Hex    `json:"sa_r"`
	IDI              Hex    `json:"id_i"`
	IDR              Hex    `json:"id_r"`
	NI, NR           Hex
	KEI              Hex `json:"ke_i"`
	KER              Hex `json:"ke_r"`
	GXY              Hex
	CertI            Hex     `json:"cert_i"`
	CertR            Hex     `json:"cert_r"`
	HashI            Hex     `json:"hash_i"`
	HashR            Hex     `json:"hash_r"`
	InitialIV        Hex     `json:"initial_iv"`
	Keys                     // of the gateway
	ClientKeys       *Keys   `json:"client_keys"` // where the client has a wrong pre-shared key
	Children         []Child `json:"child_sas"`
}

// Keys are the keys of an ISAKMP SA.
type Keys struct {
	ClientPSK string `json:"psk"` // in ClientKeys only
	SKEYID    Hex
	D         Hex `json:"skeyid_d"`
	A         Hex `json:"skeyid_a"`
	E         Hex `json:"skeyid_e"`
	Key       Hex `json:"enc_key"`
}

// Child is one finished Quick Mode.
type Child struct {
	MID                   Hex
	Initiator             netip.Addr
	NI, NR, GXY           Hex
	KEI                   Hex `json:"ke_i"`
	KER                   Hex `json:"ke_r"`
	IDs                   []Hex
	IDsR                  []Hex  `json:"ids_r"`
	Encryption, Integrity string // "aes-cbc", "3des-cbc", "aes-gcm-16"; "sha1", "sha256", ""
	Attributes            map[uint16]uint64
	ESP                   []ESPSA `json:"esp_sas"`
}

// ESPSA is one direction. EncKey includes the salt of AES-GCM.
type ESPSA struct {
	SPI     Hex    // chosen by the receiver
	Dir     string // "i->r" or "r->i", of the Quick Mode
	EncKey  Hex    `json:"enc_key"`
	AuthKey Hex    `json:"auth_key"`
}

// Message is one IKE message. A Fragment stands for itself; the message that it completes follows the last one.
type Message struct {
	Frames         []int
	Dir            string // "i->r" or "r->i", of the ISAKMP SA
	Src            netip.Addr
	Exchange       string
	MID, ICookie   Hex
	Encrypted      bool
	IV, Plaintext  Hex // Plaintext is what follows the header, padding included
	Padding        int
	Payloads       []Payload
	Retransmission bool
	Fragment       *Fragment
	HashOK         *bool `json:"hash_ok"` // HASH or signature is right by the sender's keys; nil: has none
	Signature      string
}

// Payload is one payload with its name ("SA", "HASH", …).
type Payload struct {
	Type string
	Body Hex
}

// Fragment is the head of a Cisco IKE fragment.
type Fragment struct {
	ID     uint16
	Number uint8
	Last   bool
}

// ESPPacket is one ESP packet and the packet inside.
type ESPPacket struct {
	Frame      int
	SPI        Hex
	Seq        uint32
	Dir        string
	Inner      Hex
	NextHeader uint8 `json:"next_header"`
	PadLength  uint8 `json:"pad_length"`
	UnknownSA  bool  `json:"unknown_sa"`
}

package client_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/keymat"
	"ezvpn/tunnel/esp"
)

// receivers makes the inbound half of every ESP SA of a recording, with the keys that Quick Mode gives.
func receivers(t *testing.T, c *capturetest.Capture) map[uint32]*esp.Receiver {
	t.Helper()
	out := map[uint32]*esp.Receiver{}
	for _, sa := range c.ISAKMP {
		hash := map[string]keymat.Hash{"sha1": keymat.SHA1, "sha256": keymat.SHA256}[sa.Hash]
		for _, q := range sa.Children {
			keys := keymat.Quick{Hash: hash, SKEYIDD: sa.D, GXY: q.GXY, Ni: q.NI, Nr: q.NR}
			suite := esp.Suite{
				Cipher:  map[string]uint8{"3des-cbc": 3, "aes-cbc": 12, "aes-gcm-16": 20}[q.Encryption],
				KeyBits: uint16(q.Attributes[6]),
				Auth:    uint16(q.Attributes[5]),
			}
			for _, told := range q.ESP {
				spi, enc := binary.BigEndian.Uint32(told.SPI), len(told.EncKey)
				k := keys.KEYMAT(spi, enc+len(told.AuthKey))
				if !bytes.Equal(k[:enc], told.EncKey) || !bytes.Equal(k[enc:], told.AuthKey) {
					t.Fatalf("SPI %08x: keys are not those that the peers logged", spi)
				}
				r, err := esp.NewReceiver(spi, suite, k[:enc], k[enc:])
				if err != nil {
					t.Fatalf("SPI %08x: %v", spi, err)
				}
				out[spi] = r
			}
		}
	}
	return out
}

// Every ESP packet of the recorded conversations opens to the packet that the peers sent, with the keys that our key
// schedule derives; once, and not when a bit of it differs.
func TestRecordedESPOpens(t *testing.T) {
	total := 0
	for _, name := range capturetest.Names(t) {
		t.Run(name, func(t *testing.T) {
			c := capturetest.Load(t, name)
			in := receivers(t, c)
			at := map[int][]byte{}
			packets := 0
			for _, d := range c.Datagrams {
				if b, ok := d.ESP(); ok {
					at[d.Frame] = b
					packets++
				}
			}
			if packets != len(c.ESP) {
				t.Errorf("%d ESP packets, %d are told of", packets, len(c.ESP))
			}
			for _, told := range c.ESP {
				total++
				src := at[told.Frame]
				r := in[esp.SPIOf(src)]
				if r == nil {
					t.Errorf("frame %d: no SA for SPI %08x", told.Frame, esp.SPIOf(src))
					continue
				}
				forged := bytes.Clone(src)
				forged[len(forged)/2] ^= 1
				batch := []esp.Packet{
					{Src: forged, Dst: make([]byte, len(src))},
					{Src: src, Dst: make([]byte, len(src))},
					{Src: src, Dst: make([]byte, len(src))},
				}
				n := r.Open(batch)
				if told.Inner[0]>>4 != 4 { // vpnc passes on what its host says in IPv6
					if n != 0 || batch[1].Err != esp.ErrNextHeader {
						t.Errorf("frame %d: IPv6 inside: %v", told.Frame, batch[1].Err)
					}
					continue
				}
				if n != 1 || batch[0].Err != esp.ErrAuth || batch[2].Err != esp.ErrReplay {
					t.Errorf("frame %d: %d opened: forged %v, once %v, again %v", told.Frame, n, batch[0].Err, batch[1].Err, batch[2].Err)
					continue
				}
				if got := batch[1].Dst[:batch[1].N]; !bytes.Equal(got, told.Inner) {
					t.Errorf("frame %d: opens to %x, want %x", told.Frame, got, told.Inner)
				}
			}
		})
	}
	if total == 0 {
		t.Error("no recording has ESP")
	}
}

package keymat_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"net/netip"
	"testing"

	"ezvpn/ike/capturetest"
	"ezvpn/ike/isakmp"
	. "ezvpn/ike/keymat"
)

// replay follows one ISAKMP SA of a recording. It takes the pre-shared key and the Diffie-Hellman secrets from the
// JSON and everything else from the packets.
type replay struct {
	t    *testing.T
	told *capturetest.ISAKMPSA

	initiator netip.Addr
	ci, cr    [8]byte
	hash      Hash
	cipher    Cipher
	bits      int
	auth      uint64
	sai       []byte
	own       [2]Side // 0 initiator, 1 responder
	nonce     [2][]byte
	cert      [2][]byte
	keys      [2]Keys // by sender: they differ where a pre-shared key is wrong
	phase1    Chain
	initial   Chain
	chains    map[uint32]*Chain
	quick     map[uint32]*quick
	ready     bool
	natd      map[int][][]byte
}

func (r *replay) side(from netip.Addr) int {
	if from == r.initiator {
		return 0
	}
	return 1
}

// message takes one whole message and gives its plaintext.
func (r *replay) message(from netip.Addr, b []byte) (plain, iv []byte, hashOK *bool, signed bool) {
	h, err := isakmp.ParseHeader(b)
	if err != nil {
		r.t.Fatal(err)
	}
	if r.cr == [8]byte{} {
		r.cr = h.Responder
	}
	if h.Responder != r.cr {
		r.t.Fatalf("responder cookie %x, want %x", h.Responder, r.cr)
	}
	who, body := r.side(from), b[isakmp.HeaderLen:]
	plain = body
	var ps []isakmp.Parsed
	n := 0
	if h.Flags&isakmp.Encrypted != 0 {
		plain, iv, ps, n = r.open(h, who, body)
	} else if ps, n, err = isakmp.ParsePayloads(h.Next, body); err != nil {
		r.t.Fatal(err)
	}
	switch {
	case h.MessageID == 0 && (h.Exchange == isakmp.MainMode || h.Exchange == isakmp.Aggressive):
		hashOK, signed = r.phase(who, ps)
	case h.Flags&isakmp.Encrypted != 0:
		ok := r.protected(h, who, from, ps, plain[:n])
		hashOK = &ok
	}
	return plain, iv, hashOK, signed
}

// open decrypts. A gateway that could not read Main Mode message 5 derives the IV of its notify from the initial IV,
// not from that message; both are tried.
func (r *replay) open(h isakmp.Header, who int, body []byte) (plain, iv []byte, ps []isakmp.Parsed, n int) {
	chain, known := &r.phase1, true
	tries := []Chain{r.phase1}
	if h.MessageID != 0 {
		if chain, known = r.chains[h.MessageID]; known {
			tries = []Chain{*chain}
		} else {
			chain = new(Chain)
			r.chains[h.MessageID] = chain
			tries = []Chain{r.phase1.Exchange(r.hash, h.MessageID), r.initial.Exchange(r.hash, h.MessageID)}
		}
	}
	var err error
	for _, try := range tries {
		if plain, err = r.cipher.Decrypt(r.keys[who].Key, try.IV(), body); err != nil {
			r.t.Fatal(err)
		}
		if ps, n, err = isakmp.ParsePayloads(h.Next, plain); err == nil {
			iv = try.IV()
			again, err := r.cipher.Encrypt(r.keys[who].Key, iv, plain)
			if err != nil || !bytes.Equal(again, body) {
				r.t.Errorf("encrypted again it is %x, was %x: %v", again, body, err)
			}
			*chain = try
			chain.Advance(body)
			return plain, iv, ps, n
		}
	}
	r.t.Fatalf("wrong key or IV: %v", err)
	return nil, nil, nil, 0
}

// phase learns from a phase 1 message, and checks HASH_I, HASH_R or the signature over it.
func (r *replay) phase(who int, ps []isakmp.Parsed) (ok *bool, signed bool) {
	var proof isakmp.Payload
	for _, p := range ps {
		switch v := p.Payload.(type) {
		case isakmp.SA:
			if who == 0 && r.sai == nil {
				r.sai = p.Body
			}
			if who == 1 {
				r.chosen(v)
			}
		case isakmp.KE:
			r.own[who].KE = v.Data
		case isakmp.Nonce:
			r.nonce[who] = v.Data
		case isakmp.ID:
			r.own[who].ID = p.Body
		case isakmp.Cert:
			if r.cert[who] == nil && v.Encoding == isakmp.CertSignature {
				r.cert[who] = v.Data
			}
		case isakmp.Hash, isakmp.Signature:
			proof = v
		}
	}
	r.derive()
	if proof == nil {
		return nil, false
	}
	r.own[0].Cookie, r.own[1].Cookie = r.ci, r.cr
	want := IdentityHash(r.hash, r.keys[who].SKEYID, r.own[who], r.own[1-who], r.sai)
	told := [2]capturetest.Hex{r.told.HashI, r.told.HashR}[who]
	if !bytes.Equal(want, told) {
		r.t.Errorf("identity hash %d is %x, want %x", who, want, told)
	}
	good := false
	switch v := proof.(type) {
	case isakmp.Hash:
		good = Equal(v.Data, want)
	case isakmp.Signature:
		cert, err := x509.ParseCertificate(r.cert[who])
		if err != nil {
			r.t.Fatal(err)
		}
		good, signed = rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), crypto.Hash(0), want, v.Data) == nil, true
	}
	return &good, signed
}

func (r *replay) chosen(sa isakmp.SA) {
	number := func(kind uint16) uint64 {
		a, _ := isakmp.Find(sa.Proposals[0].Transforms[0].Attributes, kind)
		n, _ := a.Uint()
		return n
	}
	r.hash, r.cipher = Hash(number(isakmp.Phase1Hash)), Cipher(number(isakmp.Phase1Encryption))
	r.bits, r.auth = int(number(isakmp.Phase1KeyLength)), number(isakmp.Phase1Auth)
}

// derive makes all keys once both sides gave KE and nonce.
func (r *replay) derive() {
	if r.ready || r.own[0].KE == nil || r.own[1].KE == nil || r.told.GXY == nil {
		return
	}
	r.ready = true
	client := r.told.PSK
	if r.told.ClientKeys != nil {
		client = r.told.ClientKeys.ClientPSK
	}
	for i, psk := range []string{client, r.told.PSK} {
		skeyid := SignatureSKEYID(r.hash, r.nonce[0], r.nonce[1], r.told.GXY)
		if isakmp.IsPreShared(uint16(r.auth)) {
			skeyid = PreSharedSKEYID(r.hash, []byte(psk), r.nonce[0], r.nonce[1])
		}
		k, err := Derive(r.hash, r.cipher, r.bits, skeyid, r.told.GXY, r.ci, r.cr)
		if err != nil {
			r.t.Fatal(err)
		}
		r.keys[i] = k
	}
	r.initial = InitialChain(r.hash, r.cipher, r.own[0].KE, r.own[1].KE)
	r.phase1 = r.initial
	r.compare("gateway", r.keys[1], r.told.Keys)
	if r.told.ClientKeys != nil {
		r.compare("client", r.keys[0], *r.told.ClientKeys)
	}
	if !bytes.Equal(r.initial.IV(), r.told.InitialIV) {
		r.t.Errorf("initial IV %x, want %x", r.initial.IV(), r.told.InitialIV)
	}
}

func (r *replay) compare(who string, got Keys, want capturetest.Keys) {
	for _, k := range []struct {
		name      string
		got, want []byte
	}{
		{"SKEYID", got.SKEYID, want.SKEYID}, {"SKEYID_d", got.D, want.D}, {"SKEYID_a", got.A, want.A},
		{"SKEYID_e", got.E, want.E}, {"key", got.Key, want.Key},
	} {
		if len(k.want) == 0 || !bytes.Equal(k.got, k.want) {
			r.t.Errorf("%s of the %s is %x, want %x", k.name, who, k.got, k.want)
		}
	}
}

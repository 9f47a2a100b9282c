package keymat_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	. "ezvpn/ike/keymat"
)

func x(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func cookie(s string) [8]byte { return [8]byte(x(s)) }

func same(t *testing.T, name string, got []byte, want string) {
	t.Helper()
	if !bytes.Equal(got, x(want)) {
		t.Errorf("%s is %x, want %s", name, got, want)
	}
}

// The NIST ACVP samples of the IKEv1 key derivation with SHA-1, as libreswan runs them. Ka is our own continuation.
func TestPublishedPreSharedKeys(t *testing.T) {
	gxy := x("739003ba2c11c982946c65e26acf661fbf8ebb78011a9fead79efa12fe3e71cc")
	skeyid := PreSharedSKEYID(SHA1, x("75"), x("b9a2d0e922dc66dd"), x("2130166863b5ddef"))
	k, err := Derive(SHA1, AES, 256, skeyid, gxy, cookie("83d374c30b3b5082"), cookie("5afc0da06c728029"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "SKEYID", k.SKEYID, "62b04d112877e442fc3282fc37c076997718a0b9")
	same(t, "SKEYID_d", k.D, "369e5aad1bdb5faf6a3d929d500cdc236710a9ab")
	same(t, "SKEYID_a", k.A, "588e957d8d790d093b3a39f121473473af78e9bb")
	same(t, "SKEYID_e", k.E, "cd74b0c048219db81384d3fda8f6cda51e398a2b")
	same(t, "Ka", k.Key, "9ce3201d5c6cf897a6cba863e68c634d8d63805d1f20e30bf6884e2a4ee9fc8a")
}

func TestPublishedSignatureKeys(t *testing.T) {
	gxy := x("8ba4cbc73c0187301dc19a975823854dbd641c597f637f8d053a83b9514673eb")
	skeyid := SignatureSKEYID(SHA1, x("69a62284195f1680"), x("80c94ba25c8abda5"), gxy)
	k, err := Derive(SHA1, AES, 128, skeyid, gxy, cookie("8c3bcd3a69831d7f"), cookie("d2d9a7ff4fbe95a7"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "SKEYID", k.SKEYID, "707197817fb2d90cf54d1842606bdea59b9f4823")
	same(t, "SKEYID_d", k.D, "384be709a8a5e63c3ed160cfe3921c4b37d5b32d")
	same(t, "SKEYID_a", k.A, "48b327575abe3adba0f279849e289022a13e2b47")
	same(t, "SKEYID_e", k.E, "a4a415c8e0c38c0da847c356cc61c24df8025560")
}

// A whole Aggressive Mode with AES-128, SHA-1 and group 2, from the tests of RUB-NDS IPsec-StateMachineExtractor.
func TestPublishedAggressiveMode(t *testing.T) {
	ci, cr := cookie("7116900aa5c2880d"), cookie("047ad6f8b3d0abb7")
	gxi := x("75fb75db0749d4b15d9bb067b63399f790246dd7919d0c0a88fc34dd76eb9ad204e162b261914c0966a2d32d05178d4c0f0ec3817692fca675678f2fd2a6869188b943e33ad44cc859a5af98d6d5332c538cff4174ee737c8624de910cc40bd953f7940d1b2d8a681cee03c85199fbe773bfa100ffea5fcb82eed25a399b0b3e")
	gxr := x("2096a31ff922e5224d9d19f06a41e2d9aebe1180d4e5cbc3d6ea166e2b8810d5ddd048375025ae9bf895ad40c508cd8b9398bded0d00ae7e77c1a1eb31930495106892630152a926a45037606cda4651340082fc10558786b4d8c4e6d72222d580d9a30d9c3b7fe9c348a6eadc5e79a24fe4b4364297b5ff71914ef8a6980e73")
	gxy := x("19b67b23eb5f792ec9d7e11d16501ca20f2a2d0b230d525cd824dfb16867b515dc2ce9560b20b2149bfb360c1662c26a5ad7fe1faa86e66213238c80b2ed46ccb821bf5043093027eb6e32c71685a093306df20c24190c7f93947fa21e56d10e4c5b7063b2b4dc1747f1df0bd46975d1825eede335e3acbad71a063cecf866c7")
	sai := x("00000001000000010000002c01010001000000240101000080010007800e0080800200028004000280030001800b0001800c7080")
	skeyid := PreSharedSKEYID(SHA1, []byte("AAAA"), x("4654fdd74594982a"), x("3673e64987b4956dbb8b933399251a5abf88f557a723b802b345f838667e9a4e"))
	k, err := Derive(SHA1, AES, 128, skeyid, gxy, ci, cr)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "SKEYID", k.SKEYID, "49856bc53f30db8ce55f5befae9e42431279550c")
	same(t, "SKEYID_d", k.D, "e5d7368180a8766f09c90cc9ac15182d3cd492ee")
	same(t, "SKEYID_a", k.A, "92de109fe83047c95812b600820f1476cd24aa49")
	same(t, "SKEYID_e", k.E, "de5d24679ad21491e63e2d7173017769cd7b9bc5")
	same(t, "Ka", k.Key, "de5d24679ad21491e63e2d7173017769")
	same(t, "initial IV", InitialChain(SHA1, AES, gxi, gxr).IV(), "139568606df1337cbcbc8fa7d201c8a8")
	initiator := Side{KE: gxi, Cookie: ci}
	responder := Side{KE: gxr, Cookie: cr, ID: x("010000000a00030a")}
	same(t, "HASH_R", IdentityHash(SHA1, k.SKEYID, responder, initiator, sai), "ba8c49cfd796bdc78e63ff6b5a858fc289dad933")
}

// The same source: the IV of an exchange when no message of phase 1 was encrypted.
func TestPublishedExchangeIV(t *testing.T) {
	c := InitialChain(SHA1, AES, nil, nil)
	c.Advance(x("0e09ed33bac3584d1d10762a9bd026c1"))
	same(t, "IV", c.Exchange(SHA1, 0xd8029d42).IV(), "0bf60ed4c34fea8a12077a204dfd413f")
}

// The same source: an encrypted notify, PAYLOAD-MALFORMED.
func TestPublishedEncryptedInformational(t *testing.T) {
	message := x("05041c1d00fd6eff2e9ac75cd77f5cc6081005015c9704a70000004c03ea6c1d88aa6ca97a94ff3f2c641c1542c69e66d5b8e9965fea0a19eae77985d22f9acb0164b32223c9b3b384b67516")
	plain, err := AES.Decrypt(x("c9fc2bdbd56171be58c4abd940e5d58e"), x("3d374a012e6bbc7ad042f15490f403b1"), message[28:])
	if err != nil {
		t.Fatal(err)
	}
	same(t, "plaintext", plain, "0b0000186ccbbdd749962c1c0cde5e55e9bd8b73f779ba530000000c0000000101000010"+"000000000000000000000000")
}

// HASH_R of a Check Point gateway with the group key "abc123", with MD5 and with SHA-1: the samples of ike-scan.
func TestPublishedGroupKey(t *testing.T) {
	for _, v := range []struct {
		h                             Hash
		gxr, gxi, cr, ci, sai, ni, nr string
		skeyid, hashR                 string
	}{
		{MD5,
			"5c7916ddf8db4d233b3b36005bb3ccc115a73807e11a897be943fd4a2d0f942624cb00588d8b3a0a26502b73e639df217ef6c4cb90f96b0a3c3ef2f62ed025b4a705df9de65e33e380c1ba5fa23bf1f9911bbf388d0844256fa0131fc5cf8acb396936ba3295b4637b039d93f58db90a3a1cf1ef5051103bacf6e1a3334f9f89",
			"fde8c68c5f324c7dbcbadde1d757af6962c63496c009f77cad647f2997fd4295e50821453a6dc2f6279fd7fef68768584d9cee0da6e68a534a097ce206bf77ecc798310206f3f82d92d02c885794e0a430ceb2d6b43c2aff45a6e14c6558382df0692ff65c2724eef750764ee456f31424a5ebd9e115d826bbb9722111aa4e01",
			"b2a3c7aa4be95e85", "756e3fa11c1b102c",
			"00000001000000010000002c01010001000000240101000080010001800200018003000180040002800b0001000c000400007080",
			"251d7ace920b17cb34f9d561bca46d037b337d19", "e045819a64edbf022620bff3efdb935216584cc4",
			"41a65aa491c71dc618c0fd3bc20f24f7", "b9c594fa3fca6bb30a85c4208a8df348"},
		{SHA1,
			"9bdee7aa341cf1a6c19bc0191106b5056537ce6b837cd70678ea5a3ccb606b56dee4548feb67f24fd6f4d5f58967a9ff3c674d9d79e4195b7def5aac147c9fe9abdc2f8ba2eca58f4c863fedc7a8c8e1ad6e1551b1e44bf9a0e258561a5db1c2ca1e8b5dfda1b012012b6fdf24ecd07da6b10d76ab3b58d07b30b4f9da26aee4",
			"c9b7ef0610a22b3e1c88b1a01ce4d4110edf6baa122ed1285eb2184cd75d30a11520a725c2d263de5a157f77f953880732f3b14521836d7f3585cb0ce3fcadf81c541dde2680bd81953cf88e8f8096c173470694ca7414fff9df0cdcdbb9d4f70ef1d6347293b507cfad965e2d2c1fa07326353e9a493d93284970040344fb11",
			"3506592130312567", "6c362583ce7a2a26",
			"00000001000000010000002c01010001000000240101000080010001800200028003000180040002800b0001000c000400007080",
			"84943233f42a0b5a9b33c327162fe0efee2545e4", "76f451dce3fea6402b67f3fddae561ebdb4a6efe",
			"c19e17f076481fa476d004284e30cb71f94e85a4", "f63f237b3c0f1fe57a5b852203cfd27cbf0c78d4"},
	} {
		skeyid := PreSharedSKEYID(v.h, []byte("abc123"), x(v.ni), x(v.nr))
		same(t, v.h.String()+" SKEYID", skeyid, v.skeyid)
		responder := Side{KE: x(v.gxr), Cookie: cookie(v.cr), ID: x("01000000ac100202")}
		initiator := Side{KE: x(v.gxi), Cookie: cookie(v.ci)}
		same(t, v.h.String()+" HASH_R", IdentityHash(v.h, skeyid, responder, initiator, x(v.sai)), v.hashR)
	}
}

// From the log of pluto in Wireshark question 12019: 3DES with SHA-1, where SKEYID_e is too short.
func TestPublishedExpansion(t *testing.T) {
	same(t, "Ka", Expand(SHA1, x("b01681215f16202303186d2814dc5686ca5a4733"), 24), "449e829ea966d421fbcb86bd7ad92e865abab15baa5c672a")
}

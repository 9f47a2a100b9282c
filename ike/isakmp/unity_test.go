package isakmp_test

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"

	. "ezvpn/ike/isakmp"
)

func prefixes(s ...string) (out []netip.Prefix) {
	for _, p := range s {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func TestSplitNetworks(t *testing.T) {
	const ten = "0a000000ff000000000000000000"
	for name, v := range map[string]struct {
		value   string
		want    []netip.Prefix
		refused int
		err     error
	}{
		"none":                    {"", nil, 0, nil},
		"one":                     {ten, prefixes("10.0.0.0/8"), 0, nil},
		"two":                     {ten + "c0a80100ffffff00" + "000000000000", prefixes("10.0.0.0/8", "192.168.1.0/24"), 0, nil},
		"everything":              {"0000000000000000" + "000000000000", prefixes("0.0.0.0/0"), 0, nil},
		"garbage behind the mask": {"0a000000ff000000" + "1122deadbeef", prefixes("10.0.0.0/8"), 0, nil},
		"last is 8 bytes":         {ten + "c0a80100ffffff00", prefixes("10.0.0.0/8", "192.168.1.0/24"), 0, nil},
		"last is 13 bytes":        {ten + "c0a80100ffffff000000000000", prefixes("10.0.0.0/8", "192.168.1.0/24"), 0, nil},
		"last is 7 bytes":         {ten + "c0a80100ffffff", prefixes("10.0.0.0/8"), 0, ErrValue},
		"one byte more":           {ten + "00", prefixes("10.0.0.0/8"), 0, ErrValue},
		"mask with a hole":        {"0a000000ff00ff00000000000000" + ten, prefixes("10.0.0.0/8"), 1, nil},
		"host bits":               {"0a010203ff000000000000000000", prefixes("10.0.0.0/8"), 0, nil},
		"host":                    {"0a010203ffffffff000000000000", prefixes("10.1.2.3/32"), 0, nil},
	} {
		nets, refused, err := TLV(UnitySplitInclude, x(v.value)).Networks()
		if !slices.Equal(nets, v.want) || refused != v.refused || !errors.Is(err, v.err) || (err != nil) != (v.err != nil) {
			t.Errorf("%s: %v, %d refused, %v", name, nets, refused, err)
		}
	}
	if _, _, err := TV(UnitySplitInclude, 1).Networks(); !errors.Is(err, ErrValue) {
		t.Errorf("a basic attribute: %v", err)
	}
	if got := SplitValue(prefixes("10.0.0.0/8")...); !bytes.Equal(got, x(ten)) {
		t.Errorf("10.0.0.0/8 is written as %x", got)
	}
}

func TestSplitDNS(t *testing.T) {
	for value, want := range map[string][]string{
		"corp.example,lab.example":             {"corp.example", "lab.example"}, // Cisco, racoon
		"corp.example":                         {"corp.example"},                // strongSwan: one attribute each
		",corp.example,, lab.example,":         {"corp.example", "lab.example"}, // Shrew: leading comma
		"corp.example\x00lab.example\x00":      {"corp.example", "lab.example"},
		"corp.example\nlab.example\r\n":        {"corp.example", "lab.example"},
		"under_score.example -x.example a.b.":  {"under_score.example", "-x.example", "a.b."},
		"":                                     nil,
		" , ,":                                 nil,
		"a;reboot,$(id),`x`,*,a..b,.,\u00e4.x": nil,
		"good.example,bad;name":                {"good.example"},
	} {
		if got, _ := TLV(UnitySplitDNS, []byte(value)).Domains(); !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", value, got, want)
		}
	}
	if _, refused := TLV(UnitySplitDNS, []byte("a;reboot,ok.example,$(id)")).Domains(); refused != 2 {
		t.Errorf("%d names refused, want 2", refused)
	}
	long := bytes.Repeat([]byte("a"), 64)
	if got, refused := TLV(UnitySplitDNS, long).Domains(); got != nil || refused != 1 {
		t.Errorf("a label of 64 letters gives %q", got)
	}
	if got, refused := TLV(UnitySplitDNS, bytes.Repeat([]byte("a."), 127)).Domains(); len(got) != 1 || refused != 0 {
		t.Errorf("a name of 253 letters gives %q", got)
	}
}

func TestBackupServers(t *testing.T) {
	for value, want := range map[string][]string{
		"gw2.example,gw3.example":          {"gw2.example", "gw3.example"},
		"192.0.2.7 192.0.2.8":              {"192.0.2.7", "192.0.2.8"},
		"gw2.example\x00":                  {"gw2.example"},
		"\xc0\x00\x02\x07":                 {"192.0.2.7"},
		"\xc0\x00\x02\x07\x0a\x01\x02\x03": {"192.0.2.7", "10.1.2.3"},
		"\xc0\x00\x02":                     nil, // neither text nor addresses
		"abcd":                             {"abcd"},
		"":                                 nil,
		"gw2;reboot":                       nil,
	} {
		if got := TLV(UnityBackupServers, []byte(value)).Servers(); !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", value, got, want)
		}
	}
}

func TestIPv4Value(t *testing.T) {
	for name, v := range map[string]struct {
		a    Attribute
		want netip.Addr
		err  error
	}{
		"address":  {TLV(ConfigIPv4Address, []byte{10, 9, 8, 7}), netip.MustParseAddr("10.9.8.7"), nil},
		"empty":    {TLV(ConfigIPv4Address, nil), netip.Addr{}, nil},
		"zero":     {TLV(ConfigIPv4Address, make([]byte, 4)), netip.Addr{}, nil},
		"3 bytes":  {TLV(ConfigIPv4DNS, make([]byte, 3)), netip.Addr{}, ErrValue},
		"16 bytes": {TLV(ConfigIPv4DNS, make([]byte, 16)), netip.Addr{}, ErrValue},
		"basic":    {TV(ConfigIPv4DNS, 1), netip.Addr{}, ErrValue},
	} {
		if got, err := v.a.IPv4(); got != v.want || !errors.Is(err, v.err) || (err != nil) != (v.err != nil) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// The bodies are those of the recordings: strongSwan's selectors for an assigned address and for everything.
func TestIdentities(t *testing.T) {
	for body, want := range map[string]string{
		"010000000a630102":         "10.99.1.2/32",
		"040000000000000000000000": "0.0.0.0/0",
		"040000000a000000ff000000": "10.0.0.0/8",
		"040000000a000001ff000000": "", // host bits
		"040000000a000000ff00ff00": "", // hole
		"040000000a000000":         "",
		"010000000a6301":           "",
		"0b000000657a67726f7570":   "",
		"04000000":                 "",
	} {
		b := append([]byte{0, 0, 0, byte(4 + len(body)/2)}, x(body)...)
		ps, _, err := ParsePayloads(TypeID, b)
		if err != nil {
			t.Fatal(err)
		}
		id := ps[0].Payload.(ID)
		p, ok := id.Prefix()
		if ok != (want != "") || ok && p != netip.MustParsePrefix(want) {
			t.Errorf("%s is %v, %v, want %q", body, p, ok, want)
		}
	}
	for id, want := range map[string]ID{
		"010000000a630102":         AddrID(netip.MustParseAddr("10.99.1.2")),
		"040000000000000000000000": SubnetID(netip.MustParsePrefix("0.0.0.0/0")),
		"040000000a000000ff000000": SubnetID(netip.MustParsePrefix("10.1.2.3/8")),
	} {
		if got := want.AppendBody(nil); !bytes.Equal(got, x(id)) {
			t.Errorf("written as %x, want %s", got, id)
		}
	}
}

func TestAddrs(t *testing.T) {
	as := []Attribute{TLV(ConfigIPv4DNS, []byte{10, 0, 0, 53}), TLV(ConfigIPv4NBNS, []byte{10, 0, 0, 1}), TLV(ConfigIPv4DNS, nil),
		TLV(ConfigIPv4DNS, make([]byte, 4)), TLV(ConfigIPv4DNS, []byte{1, 2, 3}), TLV(ConfigIPv4DNS, []byte{10, 0, 0, 54})}
	got, refused := Addrs(as, ConfigIPv4DNS)
	want := []netip.Addr{netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("10.0.0.54")}
	if !slices.Equal(got, want) || refused != 1 {
		t.Errorf("%v, %d refused", got, refused)
	}
	if a, ok := Find(as, ConfigIPv4NBNS); !ok || a.Value[3] != 1 {
		t.Errorf("found %v, %v", a, ok)
	}
	if _, ok := Find(as, ConfigIPv4Address); ok {
		t.Error("found what is not there")
	}
}

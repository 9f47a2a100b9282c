package host

import (
	"errors"
	"slices"
	"testing"
)

var (
	_ Configurator = (*Fake)(nil)
	_ Configurator = (*Machine)(nil)
)

func TestFake(t *testing.T) {
	var f Fake
	must(t, f.Apply(splitConfig()))
	if c, up := f.Current(); !up || c.Interface != "ezvpn0" || f.DNSBy() != "fake" {
		t.Errorf("current %v %v, name service by %q", c, up, f.DNSBy())
	}
	broken := errors.New("broken")
	f.Fail(broken)
	if err := f.Apply(fullConfig()); err != broken {
		t.Errorf("Apply: %v", err)
	}
	f.Fail(nil)
	must(t, f.Revert())
	if _, up := f.Current(); up || f.DNSBy() != "" {
		t.Error("still up after Revert")
	}
	f.SetUplink(Uplink{Link: "wwan0"}, nil)
	if u, err := f.Uplink(addr("203.0.113.1")); u.Link != "wwan0" || err != nil {
		t.Errorf("uplink %v, %v", u, err)
	}
	f.SetUplink(Uplink{}, ErrNoUplink)
	if _, err := f.Uplink(addr("203.0.113.1")); err != ErrNoUplink {
		t.Errorf("uplink of a machine without one: %v", err)
	}
	if want := []string{"apply ezvpn0", "apply ezvpn0", "revert"}; !slices.Equal(f.Calls(), want) || len(f.Applied()) != 1 {
		t.Errorf("calls %v, applied %d", f.Calls(), len(f.Applied()))
	}
}

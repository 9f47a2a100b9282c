package service

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
)

// TestResolveRemembers: with the name service gone, the last answer is the answer; a name never seen is an error.
func TestResolveRemembers(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	var answer []netip.Addr
	var err error
	resolve := remembering(func(context.Context, string) ([]netip.Addr, error) { return answer, err })
	look := func(name string) string {
		got, err := resolve(t.Context(), name)
		return fmt.Sprint(got, err)
	}
	gone := errors.New("no server answers")
	for i, c := range []struct {
		answer []netip.Addr
		err    error
		name   string
		want   string
	}{
		{nil, gone, "vpn", "[] no server answers"},
		{[]netip.Addr{a}, nil, "vpn", "[192.0.2.1] <nil>"},
		{nil, gone, "vpn", "[192.0.2.1] <nil>"},
		{nil, gone, "vpn2", "[] no server answers"},
		{[]netip.Addr{b}, nil, "vpn", "[192.0.2.2] <nil>"},
		{nil, nil, "vpn", "[] <nil>"},
		{nil, gone, "vpn", "[192.0.2.2] <nil>"},
	} {
		answer, err = c.answer, c.err
		if got := look(c.name); got != c.want {
			t.Errorf("step %d: %s, want %s", i, got, c.want)
		}
	}
}

package client

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"ezvpn/client/status"
	"ezvpn/ike"
	"ezvpn/tunnel/esp"
)

// ErrKeysTaken says that somebody else reads the keys already.
var ErrKeysTaken = errors.New("the keys of the session are being written by somebody already")

// keysLag is how far the reader of the keys may lag behind before the stream ends: it would lack some.
const keysLag = 1024

// Keys gives what decrypts the session's traffic, as it comes, until ctx ends or the client closes: the key of the
// ISAKMP SA that is up, those that follow, the keys of the IPsec SAs that come up meanwhile, and each ISAKMP message in
// clear. Those of the IPsec SAs that are up already are not kept by anybody who could give them. One reader at a time:
// ErrKeysTaken. While nobody reads, no key leaves the engine.
func (c *Client) Keys(ctx context.Context) (<-chan status.Disclosure, error) {
	s := c.s
	out := make(chan status.Disclosure, keysLag)
	taken := false
	if !s.do(func(now time.Time) {
		if taken = s.kit != nil; !taken {
			s.kit = out
			s.discloseAll(now, true)
			s.publish(now)
		}
	}) {
		return nil, ErrNoSession
	}
	if taken {
		return nil, ErrKeysTaken
	}
	go func() {
		select {
		case <-ctx.Done():
			s.do(func(now time.Time) {
				if s.kit == out {
					s.endKeys(now)
				}
			})
		case <-s.done:
		}
	}()
	return out, nil
}

// discloseAll switches the engine's disclosures for every association.
func (s *session) discloseAll(now time.Time, on bool) {
	for _, a := range s.assocs {
		s.feed(now, a, a.conn.Disclose(on))
	}
}

func (s *session) endKeys(now time.Time) {
	if s.kit == nil {
		return
	}
	close(s.kit)
	s.kit = nil
	s.discloseAll(now, false)
	s.publish(now)
}

// tellKeys passes one line on. A reader that lags loses the stream, not a line in the middle of it.
func (s *session) tellKeys(d status.Disclosure) {
	select {
	case s.kit <- d:
	default:
		s.endKeys(d.Time)
	}
}

// disclosed takes what the engine shows.
func (s *session) disclosed(now time.Time, a *association, e ike.Disclosed) {
	if s.kit == nil {
		return
	}
	if e.Key != nil {
		i, _ := a.conn.Cookies()
		s.tellKeys(status.Disclosure{Time: now, Kind: status.DisclosedISAKMP, Cookie: hex.EncodeToString(i[:]), Key: hex.EncodeToString(e.Key)})
		return
	}
	d := status.Disclosure{Time: now, Kind: status.DisclosedMessage, Source: e.Message.Local, Destination: e.Message.Remote, Message: slices.Clone(e.Message.Data)}
	if !e.Out {
		d.Source, d.Destination = d.Destination, d.Source
	}
	s.tellKeys(d)
}

// keysWarning stands in the status while somebody reads the keys.
const keysWarning = "the keys of this session are being written down for an administrator: whoever has them can read its traffic"

// disclosedSA shows both directions of an IPsec SA.
func (s *session) disclosedSA(now time.Time, a *association, sa ike.IPsecSA) {
	for _, way := range []struct {
		keys ike.SPIKeys
		in   bool
	}{{sa.In, true}, {sa.Out, false}} {
		if s.kit == nil {
			return
		}
		suite, auth := esp.Suite(sa.Suite).Names()
		d := status.Disclosure{Time: now, Kind: status.DisclosedESP, Suite: suite, Auth: auth, SPI: fmt.Sprintf("0x%08x", way.keys.SPI),
			Key: hex.EncodeToString(way.keys.Enc), AuthKey: hex.EncodeToString(way.keys.Auth), From: a.local.Addr(), To: a.conn.Peer().Addr()}
		if way.in {
			d.From, d.To = d.To, d.From
		}
		s.tellKeys(d)
	}
}

package ike

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"ezvpn/ike/isakmp"
)

// pullIdentifier is arbitrary; the gateway gives it back.
const pullIdentifier = 20

// pull asks for the configuration, in the order that Cisco's clients ask (Mode Config draft §3).
func (c *Conn) pull(now time.Time) {
	if c.client == nil || c.phase != secured {
		return
	}
	c.stage = PhaseConfig
	x := c.begin(isakmp.Transaction)
	if x == nil {
		return
	}
	ask := func(kinds ...uint16) (as []isakmp.Attribute) {
		for _, k := range kinds {
			as = append(as, isakmp.TLV(k, nil))
		}
		return as
	}
	var as []isakmp.Attribute
	if !c.client.NoAddress {
		as = ask(isakmp.ConfigIPv4Address, isakmp.ConfigIPv4Netmask)
		if a := c.client.Address; a.Is4() {
			as[0] = isakmp.TLV(isakmp.ConfigIPv4Address, a.AsSlice())
		}
	}
	as = append(as, ask(isakmp.ConfigIPv4DNS, isakmp.ConfigIPv4NBNS, isakmp.UnityDefaultDomain, isakmp.UnityPFS, isakmp.UnityBanner,
		isakmp.UnitySavePassword, isakmp.UnitySplitInclude, isakmp.UnitySplitDNS, isakmp.UnityLocalLAN, isakmp.UnityBackupServers)...)
	if c.client.Hostname != "" {
		as = append(as, isakmp.TLV(isakmp.UnityDDNSHostname, []byte(c.client.Hostname)))
	}
	as = append(as, isakmp.TLV(isakmp.ConfigAppVersion, []byte(c.client.AppVersion)))
	x.config = &configExchange{identifier: pullIdentifier, waiting: true, asked: true}
	c.pulling = x
	if c.sendConfig(x, isakmp.ConfigRequest, pullIdentifier, as...) {
		c.note("sent", "Mode Config request")
		x.again.secure(now)
		c.wait = time.Time{}
	}
}

// pulled takes the REPLY to our REQUEST.
func (c *Conn) pulled(now time.Time, m isakmp.Config) {
	c.pulling = nil
	c.learn(m.Attributes)
	c.configured(now)
}

// stopPull takes our request back: the gateway wants to know first who we are.
func (c *Conn) stopPull() {
	if x := c.pulling; x != nil {
		x.again.stop()
		delete(c.exchanges, x.id)
		c.pulling = nil
	}
}

// learn adds what was said to what is known.
func (c *Conn) learn(as []isakmp.Attribute) {
	n := readModeConfig(as, c.remote.Addr())
	if c.client.NoAddress {
		n.Address, n.Netmask = netip.Addr{}, netip.Addr{} // some gateways send it unasked
	}
	if c.net != nil {
		n = n.over(*c.net)
	}
	c.net = &n
}

// pushedConfig takes a SET. It counts only when XAUTH is done, or was not agreed on. While the address is missing it is
// only kept: our own request, made or still to be made, asks for the rest.
func (c *Conn) pushedConfig(now time.Time, m isakmp.Config) {
	c.learn(m.Attributes)
	if c.complete() && (c.phase == configured || c.xauth.done || !c.sa.XAUTH && !c.xauth.begun) {
		c.configured(now)
	}
}

// complete says whether enough is known for Quick Mode.
func (c *Conn) complete() bool {
	return c.net != nil && (c.client.NoAddress || c.net.Address.IsValid())
}

// configured hands the configuration out and lets Quick Mode begin.
func (c *Conn) configured(now time.Time) {
	c.wait = time.Time{}
	if c.phase != configured {
		c.stage = PhaseConfig
	}
	if !c.complete() {
		c.fail(NoAddress, Peer, errors.New("the gateway gave no usable address"))
		return
	}
	c.emit(Configured{*c.net})
	if c.phase == configured {
		return
	}
	c.phase, c.stage = configured, PhaseQuick
	for _, s := range c.selectors() {
		c.quicks = append(c.quicks, wanted{selector: s})
	}
	c.follow(nil) // of what was adopted already
	c.nextQuick(now)
}

// RequestXAUTH asks the client, from the gateway's side; kind is the XAUTH-TYPE, sent when not 0.
func (c *Conn) RequestXAUTH(now time.Time, kind uint16, fields []XAUTHField, message string) ([]Event, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	var as []isakmp.Attribute
	if kind != 0 {
		as = append(as, isakmp.TV(isakmp.XAUTHType, kind))
	}
	if message != "" {
		as = append(as, isakmp.TLV(isakmp.XAUTHMessage, []byte(message)))
	}
	for _, f := range fields {
		as = append(as, isakmp.TLV(fieldNumber(f.Name), []byte(f.Text)))
	}
	return c.command(now, isakmp.ConfigRequest, configExchange{xauth: true}, as)
}

// FinishXAUTH tells the client the verdict.
func (c *Conn) FinishXAUTH(now time.Time, ok bool, message string) ([]Event, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	v := uint16(isakmp.XAUTHFail)
	if ok {
		v = isakmp.XAUTHOK
	}
	as := []isakmp.Attribute{isakmp.TV(isakmp.XAUTHStatus, v)}
	if message != "" {
		as = append(as, isakmp.TLV(isakmp.XAUTHMessage, []byte(message)))
	}
	return c.command(now, isakmp.ConfigSet, configExchange{xauth: true, status: true, ok: ok}, as)
}

// PushConfig sets the client's configuration; more are attributes that ModeConfig has no field for.
func (c *Conn) PushConfig(now time.Time, n ModeConfig, more ...isakmp.Attribute) ([]Event, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	return c.command(now, isakmp.ConfigSet, configExchange{}, append(n.attributes(), more...))
}

// ReplyConfig answers ConfigAsked; more are attributes that ModeConfig has no field for.
func (c *Conn) ReplyConfig(_ time.Time, n ModeConfig, more ...isakmp.Attribute) ([]Event, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	x := c.xauth.pending
	if x == nil {
		return nil, errors.New("no request to answer")
	}
	c.xauth.pending = nil
	c.phase = configured
	c.sendConfig(x, isakmp.ConfigReply, c.xauth.request.Identifier, append(n.attributes(), more...)...)
	return c.take(), nil
}

// command starts a Transaction from the gateway's side.
func (c *Conn) command(now time.Time, kind uint8, what configExchange, as []isakmp.Attribute) ([]Event, error) {
	x := c.begin(isakmp.Transaction)
	if x == nil {
		return c.take(), nil
	}
	var b [2]byte
	if !c.random(b[:]) {
		return c.take(), nil
	}
	what.identifier, what.waiting, what.asked = binary.BigEndian.Uint16(b[:]), true, kind == isakmp.ConfigRequest
	x.config = &what
	if c.sendConfig(x, kind, what.identifier, as...) {
		x.again.secure(now)
	}
	return c.take(), nil
}

// serverTransaction takes what the client sends.
func (c *Conn) serverTransaction(now time.Time, x *exchange, m isakmp.Config) {
	switch m.Kind {
	case isakmp.ConfigRequest:
		asked := ConfigAsked{}
		for _, a := range m.Attributes {
			asked.Attributes = append(asked.Attributes, a.Type)
		}
		x.last = nil
		c.xauth.pending, c.xauth.request = x, m
		c.emit(asked)
	case isakmp.ConfigReply:
		r := XAUTHReply{Fields: map[string]Secret{}}
		for _, a := range m.Attributes {
			if f, ok := xauthFields[a.Type]; ok {
				r.Fields[f.Name] = clone(a.Value)
			}
		}
		if s, ok := isakmp.Find(m.Attributes, isakmp.XAUTHStatus); ok {
			v, _ := s.Uint()
			r.Failed = v == isakmp.XAUTHFail
		}
		x.last = nil
		c.emit(r)
	case isakmp.ConfigAck:
		x.last = nil
		if x.config.status {
			c.xauth.done = x.config.ok
			if !x.config.ok {
				c.fail(XAUTHRefused, Local, nil)
			}
		} else if !x.config.xauth {
			c.phase = configured // it took what was pushed
		}
	default:
		c.drop("unexpected", errors.New("SET from a client"))
	}
}

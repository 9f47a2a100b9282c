package host

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

// fakeBus is the far end of one connection: it lets the client in as a bus does, and answers each call with nothing,
// or with the error that refuse names for its method. It speaks the wire format, so signatures are checked as sent.
type fakeBus struct {
	mu     sync.Mutex // guards calls
	calls  []string   // "Method(signature) arguments"
	refuse map[string]string
}

func (b *fakeBus) dial(ctx context.Context) (*dbus.Conn, error) {
	near, far := net.Pipe()
	go b.serve(far)
	conn, err := dbus.NewConn(near, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	return conn, errors.Join(conn.Auth([]dbus.Auth{dbus.AuthExternal("0")}), conn.Hello())
}

func (b *fakeBus) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	r.ReadByte() // the zero byte that begins authentication
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch word := strings.Fields(line + " -")[0]; word {
		case "AUTH":
			if strings.TrimSpace(line) == "AUTH" {
				io.WriteString(c, "REJECTED EXTERNAL\r\n")
			} else {
				io.WriteString(c, "OK 00112233445566778899aabbccddeeff\r\n")
			}
		case "NEGOTIATE_UNIX_FD":
			io.WriteString(c, "ERROR\r\n")
		case "BEGIN":
			b.answer(c, r)
			return
		default:
			io.WriteString(c, "ERROR\r\n")
		}
	}
}

func (b *fakeBus) answer(c net.Conn, r *bufio.Reader) {
	for serial := uint32(1); ; serial++ {
		m, err := dbus.DecodeMessage(r)
		if err != nil {
			return
		}
		if m.Type != dbus.TypeMethodCall {
			continue
		}
		reply := b.reply(m)
		reply.Headers[dbus.FieldReplySerial] = dbus.MakeVariant(m.Serial())
		if err := encode(c, reply, serial); err != nil {
			return
		}
	}
}

// encode gives the message a serial number, which only a connection may set: bytes 8 to 11 of the header.
func encode(w io.Writer, m *dbus.Message, serial uint32) error {
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(b.Bytes()[8:], serial)
	_, err := w.Write(b.Bytes())
	return err
}

func (b *fakeBus) reply(m *dbus.Message) *dbus.Message {
	method, _ := m.Headers[dbus.FieldMember].Value().(string)
	sig, _ := m.Headers[dbus.FieldSignature].Value().(dbus.Signature)
	to, _ := m.Headers[dbus.FieldInterface].Value().(string)
	path, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	reply := &dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{}}
	if method == "Hello" {
		reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.ParseSignatureMust("s"))
		reply.Body = []any{":1.1"}
		return reply
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, fmt.Sprintf("%s %s.%s(%s) %v", path, to, method, sig.String(), m.Body))
	if name := b.refuse[method]; name != "" {
		reply.Type = dbus.TypeError
		reply.Headers[dbus.FieldErrorName] = dbus.MakeVariant(name)
	}
	return reply
}

// The signatures are those that org.freedesktop.resolve1(5) gives: SetLinkDNS(in i, in a(iay)), SetLinkDomains(in i,
// in a(sb)), SetLinkDefaultRoute(in i, in b), RevertLink(in i).
func TestResolvedCalls(t *testing.T) {
	const at = "/org/freedesktop/resolve1 org.freedesktop.resolve1.Manager."
	servers := at + "SetLinkDNS(ia(iay)) [7 [[2 [10 0 0 53]] [2 [198 18 0 53]]]]"
	quiet := []string{at + "SetLinkLLMNR(is) [7 no]", at + "SetLinkMulticastDNS(is) [7 no]"}
	split := splitConfig().DNS
	split.Domains = append(split.Domains, "lab.example")
	for _, c := range []struct {
		name string
		do   func(resolved) error
		want []string
	}{
		{"split", func(r resolved) error { return r.set(dnsRecord{Link: "ezvpn0", DNS: split}) },
			append(quiet[:2:2], servers, at+"SetLinkDomains(ia(sb)) [7 [[corp.example false] [lab.example true]]]", at+"SetLinkDefaultRoute(ib) [7 false]", at+"FlushCaches() []")},
		{"full", func(r resolved) error { return r.set(dnsRecord{Link: "ezvpn0", DNS: fullConfig().DNS}) },
			append(quiet[:2:2], servers, at+"SetLinkDomains(ia(sb)) [7 [[corp.example false] [. true]]]", at+"SetLinkDefaultRoute(ib) [7 true]", at+"FlushCaches() []")},
		{"clear", func(r resolved) error { _, err := r.clear(dnsRecord{Link: "ezvpn0"}); return err },
			[]string{at + "RevertLink(i) [7]", at + "FlushCaches() []"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bus := &fakeBus{}
			must(t, c.do(resolved{dial: bus.dial, index: func(string) (int, error) { return 7, nil }}))
			if !reflect.DeepEqual(bus.calls, c.want) {
				t.Errorf("calls\n%s\nwant\n%s", strings.Join(bus.calls, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestResolvedRefuses(t *testing.T) {
	here := func(string) (int, error) { return 7, nil }
	bus := &fakeBus{refuse: map[string]string{"SetLinkDomains": "org.freedesktop.DBus.Error.AccessDenied"}}
	if err := (resolved{bus.dial, here}).set(dnsRecord{Link: "ezvpn0", DNS: splitConfig().DNS}); err == nil {
		t.Error("a refused call is no error")
	}
	bus = &fakeBus{refuse: map[string]string{"SetLinkLLMNR": "org.freedesktop.DBus.Error.UnknownMethod"}}
	must(t, resolved{bus.dial, here}.set(dnsRecord{Link: "ezvpn0", DNS: splitConfig().DNS}))
	for name, fine := range map[string]bool{"org.freedesktop.DBus.Error.ServiceUnknown": true, "org.freedesktop.resolve1.NoSuchLink": true, "org.freedesktop.DBus.Error.AccessDenied": false} {
		bus = &fakeBus{refuse: map[string]string{"RevertLink": name}}
		if _, err := (resolved{bus.dial, here}).clear(dnsRecord{Link: "ezvpn0"}); (err == nil) != fine {
			t.Errorf("clear after %s: %v", name, err)
		}
	}
}

func TestResolvedLinkGone(t *testing.T) {
	nobody := resolved{dial: func(context.Context) (*dbus.Conn, error) { return nil, errors.New("asked the bus") },
		index: func(string) (int, error) { return 0, nil }}
	if _, err := nobody.clear(dnsRecord{Link: "ezvpn0"}); err != nil {
		t.Errorf("clear: %v", err)
	}
	if err := nobody.set(dnsRecord{Link: "ezvpn0", DNS: splitConfig().DNS}); err == nil {
		t.Error("set on a link that is gone succeeded")
	}
}

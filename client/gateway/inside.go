package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"ezvpn/tunnel/userspace"
)

// Addresses of the inside network behind a gateway.
var (
	PageAddr = netip.MustParseAddr("10.20.0.10") // a web server; it answers ping too
	NameAddr = netip.MustParseAddr("10.20.0.53") // a name server for corp.example
)

// Network is what lies behind a gateway: a page and a name server, on a userspace stack. Give Stack to Serve, which
// closes it; then Close ends the servers.
type Network struct {
	Stack  *userspace.Stack
	server *http.Server
	names  net.PacketConn
	wg     sync.WaitGroup
}

// NewNetwork makes the inside of the gateway with this name.
func NewNetwork(name string) (*Network, error) {
	stack, err := userspace.New([]netip.Addr{PageAddr, NameAddr}, nil, 1400)
	if err != nil {
		return nil, err
	}
	l, err := stack.ListenTCP(netip.AddrPortFrom(PageAddr, 80))
	if err != nil {
		return nil, errors.Join(err, stack.Close())
	}
	names, err := stack.ListenUDP(netip.AddrPortFrom(NameAddr, 53))
	if err != nil {
		return nil, errors.Join(err, l.Close(), stack.Close())
	}
	n := &Network{Stack: stack, names: names, server: &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "This page is inside the network of %s.\nYou came from %s.\n", name, r.RemoteAddr)
		})}}
	n.wg.Add(2)
	go func() { defer n.wg.Done(); _ = n.server.Serve(l) }() // ends with Close
	go func() { defer n.wg.Done(); n.answerNames() }()
	return n, nil
}

// Close ends the servers. The stack is the gateway's to close.
func (n *Network) Close() error {
	err := errors.Join(n.server.Close(), n.names.Close())
	n.wg.Wait()
	return err
}

// answerNames answers every question for an address with that of the page.
func (n *Network) answerNames() {
	buf := make([]byte, 1500)
	for {
		k, from, err := n.names.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply, err := answer(buf[:k]); err == nil {
			_, _ = n.names.WriteTo(reply, from) // a lost answer is asked for again
		}
	}
}

func answer(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}, Body: &dnsmessage.AResource{A: PageAddr.As4()}})
		}
	}
	return m.Pack()
}

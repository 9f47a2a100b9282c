// Package ike is IKEv1 for the Easy VPN remote, and for its gateway: bytes, commands and the time in; datagrams,
// events and SAs out. There is no clock, socket, goroutine, lock or log inside; tests run in virtual time.
//
//	c, events := Initiate(now, cfg)        // the client's side
//	c, events := Respond(now, cfg, first)  // the client's side of a phase 1 that the gateway begins
//	c := Accept(now, server)               // the gateway's side
//	c, events := Renew(now, server, old)   // the gateway's side of a phase 1 that it begins
//	events = c.Receive(now, datagram)      // bytes in
//	events = c.Advance(now)                // time in; early or double calls are harmless
//	at := c.Deadline()                     // when to Advance; zero means never
//	events = c.Answer(now, answer)         // commands in: Answer, Probe(seq), Rekey, Close
//	c.Adopt(old)                           // the IPsec SAs of an association that c renews
//
// A Conn is not safe for concurrent use.
package ike

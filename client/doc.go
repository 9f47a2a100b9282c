// Package client is the session of the Easy VPN remote: it introduces ike, tunnel and dpd to one another. The machine
// (step.go) is pure: events and the time in, actions out; the loop (session.go) owns the only clock.
package client

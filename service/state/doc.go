// Package state is the claim to the state directory of the service: one program at a time may change this machine, the
// daemon or what repairs after it.
package state

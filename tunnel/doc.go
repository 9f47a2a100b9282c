// Package tunnel moves packets between the inside (a TUN device or the userspace stack) and the outside (UDP to the
// gateway) through ESP. It owns sockets, devices, the SA table and two goroutines; it does not know IKE: datagrams
// behind the non-ESP marker, or from port 500, go to its owner untouched.
package tunnel

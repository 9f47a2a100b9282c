// Package service is the daemon: it owns the session, the profiles on disk and the local socket, and it decides who
// may do what. It runs as root; everything that a caller sends is a name, a secret or a yes, never a path, a command,
// an address or an interface.
package service

// Package ipc is the wire between the daemon and those who command it: HTTP and JSON over a unix socket, or over a
// named pipe on Windows. It knows who calls, from the kernel alone, and it keeps limits; it does not know who may do
// what, nor what a verb does. There is no TCP here, and nothing that a browser could reach.
package ipc

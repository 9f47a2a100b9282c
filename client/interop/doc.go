// Package interop holds the programs ezvpnd and ezvpn against strongSwan, in network namespaces. Its tests need root
// and the build tag interop; make interop runs them.
package interop

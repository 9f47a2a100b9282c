package main

import "golang.org/x/sys/unix"

// harden keeps keys out of core files, and out of reach of a debugger of the same user. Where the system refuses, the
// unit's own limits still hold.
func harden() {
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

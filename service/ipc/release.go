package ipc

import "runtime/debug"

// Release is the version of this build, as Go recorded it.
func Release() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "unknown"
}

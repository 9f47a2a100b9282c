package ipc

import "os"

// Address is where the service listens: what was given, else EZVPN_SOCKET, else the place of this system.
func Address(given string) string {
	if given != "" {
		return given
	}
	if env := os.Getenv("EZVPN_SOCKET"); env != "" {
		return env
	}
	return DefaultAddress
}

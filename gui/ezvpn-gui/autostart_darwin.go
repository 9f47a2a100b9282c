package main

import "path/filepath"

func startWithSession(exe string) error {
	return place("LaunchAgents/io.ezvpn.gui.plist", launchAgent(exe))
}
func startNoMore() error { return unplace("LaunchAgents/io.ezvpn.gui.plist") }

// base is ~/Library, beside Application Support.
func base(config string) string { return filepath.Dir(config) }

package main

import "path/filepath"

func startWithSession(exe string) error { return place("autostart/ezvpn.desktop", desktopEntry(exe)) }
func startNoMore() error                { return unplace("autostart/ezvpn.desktop") }

// base is where what the user starts is listed.
func base(config string) string { return filepath.Clean(config) }

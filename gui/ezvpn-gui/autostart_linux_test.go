package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAutostart: on is a desktop entry that starts this program, off takes it away, and both can be said twice.
func TestAutostart(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	path := filepath.Join(dir, "autostart", "ezvpn.desktop")
	exe, err := os.Executable()
	must(t, err)
	for range 2 {
		must(t, autostart("on"))
		b, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(b), "[Desktop Entry]\n") || !strings.Contains(string(b), "\nExec=\""+exe+"\"\n") {
			t.Errorf("%q %v", b, err)
		}
	}
	for range 2 {
		must(t, autostart("off"))
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Error(err)
		}
	}
	if autostart("maybe") == nil {
		t.Error("maybe is neither")
	}
	if got := desktopEntry(`/opt/a "b"/100%/$x`); !strings.Contains(got, `Exec="/opt/a \\"b\\"/100%%/\\$x"`) {
		t.Error(got)
	}
	if got := launchAgent("/a & b"); !strings.Contains(got, "<string>/a &amp; b</string>") {
		t.Error(got)
	}
}

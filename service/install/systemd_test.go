package install

import (
	"strings"
	"testing"

	"ezvpn/packaging"
)

// TestUnitFor: an older systemd gets no keys that it would warn of; one that is not known gets them all.
func TestUnitFor(t *testing.T) {
	unit, err := packaging.Systemd("/usr/local/sbin/ezvpnd")
	if err != nil || !strings.Contains(unit, "\nRestartSteps=") {
		t.Fatalf("%v\n%s", err, unit)
	}
	for version, older := range map[string]bool{"252.39-1~deb12u1": true, "247": true, "253~rc1": true, "254": false,
		"257.7-1": false, "v255": false, "": false} {
		got := unitFor(version, unit)
		if strings.Contains(got, "\nRestartSteps=") == older || strings.Contains(got, "\nRestartMaxDelaySec=") == older ||
			!strings.Contains(got, "\nRestart=always\nRestartSec=1\n") {
			t.Errorf("%q:\n%s", version, got)
		}
	}
}

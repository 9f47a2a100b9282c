package packaging

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestPlace(t *testing.T) {
	for _, of := range []func(string) (string, error){Systemd, OpenRC, Launchd} {
		text, err := of("/opt/ezvpn/ezvpnd")
		if err != nil || strings.Count(text, "/opt/ezvpn/ezvpnd") != 1 || strings.Contains(text, program) {
			t.Errorf("%v:\n%s", err, text)
		}
		for _, bad := range []string{"ezvpnd", "/opt/my vpn/ezvpnd", "/opt/%n/ezvpnd", "/opt/$(reboot)/ezvpnd", "/a\nUser=x", "/a{{Name}}", "/a<b>", ""} {
			if text, err := of(bad); err == nil || text != "" {
				t.Errorf("%q was taken", bad)
			}
		}
	}
}

// TestTemplates: the library that installs them expands {{…}} in them.
func TestTemplates(t *testing.T) {
	for _, text := range []string{systemd, openRC, launchd} {
		if strings.Contains(text, "{{") || !strings.HasSuffix(text, "\n") {
			t.Errorf("not fit to be installed:\n%s", text)
		}
	}
}

func TestPlistIsXML(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(launchd))
	depth, elements := 0, 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token.(type) {
		case xml.StartElement:
			depth, elements = depth+1, elements+1
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 || elements < 10 {
		t.Errorf("depth %d, %d elements", depth, elements)
	}
}

// TestHardening: lines of the unit that security rests on, and the two that keep a branch box alive.
func TestHardening(t *testing.T) {
	for _, line := range []string{"Type=notify", "WatchdogSec=30", "Restart=always", "StartLimitIntervalSec=0",
		"CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_BIND_SERVICE", "NoNewPrivileges=yes", "ProtectSystem=strict",
		"StateDirectoryMode=0700", "MemoryDenyWriteExecute=yes", "LimitCORE=0", "DevicePolicy=closed"} {
		if !strings.Contains(systemd, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
}

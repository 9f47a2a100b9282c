package importer

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"ezvpn/client/profile"
)

// TestRoundTrips: a file of the corpus, imported, exported and imported again, gives the same profile.
func TestRoundTrips(t *testing.T) {
	trips := 0
	for ext, write := range map[string]func(*profile.Profile) ([]byte, Report){".pcf": ExportPCF, ".ios": ExportIOS} {
		for _, name := range corpus(t) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all, err := Read(name, data)
			if err != nil || !strings.HasSuffix(name, ext) {
				continue
			}
			for _, r := range all {
				p, err := profile.Parse(r.Name+".toml", []byte(r.TOML))
				if err != nil || p.Extends() { // the networks are those of interfaces, which an export does not name
					continue
				}
				trips++
				out, _ := write(p)
				again, err := Read(r.Name+ext, out)
				if err != nil || len(again) != 1 {
					t.Fatalf("%s: %v\n%s", name, err, out)
				}
				q, err := profile.Parse(again[0].Name+".toml", []byte(again[0].TOML))
				if err != nil {
					t.Fatalf("%s: %v\n%s", name, err, again[0].TOML)
				}
				if !reflect.DeepEqual(p, q) {
					t.Errorf("%s: was\n%s\nis\n%s", name, r.TOML, again[0].TOML)
				}
			}
		}
	}
	if trips < 15 {
		t.Errorf("only %d round trips", trips)
	}
}

// TestExportSaysWhatIsLost names each key that the formats have no word for.
func TestExportSaysWhatIsLost(t *testing.T) {
	p, err := profile.Parse("office.toml", []byte("mode = \"network-extension\"\npeers = [\"192.0.2.1:4500\"]\n[group]\nname = \"g g\"\nkey = \"S3cret one\"\n"+
		"[dpd]\ninterval = 30\nmode = \"periodic\"\n[ike]\npeer_id = \"gw.example.com\"\n[inside]\nnetworks = [\"192.168.1.0/24\"]\n[primary]\nreturn = true\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		write func(*profile.Profile) ([]byte, Report)
		lost  []string
	}{
		"pcf": {ExportPCF, []string{"peers", "ike.peer_id", "dpd", "mode", "primary.return"}},
		"ios": {ExportIOS, []string{"peers", "ike.peer_id", "inside.networks", "group.name"}},
	} {
		_, rep := c.write(p)
		said := map[string]bool{}
		for _, e := range rep.Entries {
			if e.Kind == Dropped || e.Kind == Missing {
				said[e.Key] = true
			}
		}
		for _, k := range c.lost {
			if !said[k] {
				t.Errorf("%s: nothing is said of %s:\n%s", name, k, rep)
			}
		}
		if strings.Contains(fmt.Sprint(rep), "S3cret") {
			t.Errorf("%s: the report has the key", name)
		}
	}
}

package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ezvpn/client/profile"
)

func FuzzPCF(f *testing.F)            { fuzz(f, ".pcf") }
func FuzzShrew(f *testing.F)          { fuzz(f, ".vpn") }
func FuzzVPNC(f *testing.F)           { fuzz(f, ".conf") }
func FuzzNetworkManager(f *testing.F) { fuzz(f, ".nmconnection") }
func FuzzMobileconfig(f *testing.F)   { fuzz(f, ".mobileconfig") }
func FuzzIOS(f *testing.F)            { fuzz(f, ".ios") }
func FuzzASA(f *testing.F)            { fuzz(f, ".asa") }

// fuzz begins with the corpus of a format. Whatever comes: no panic, a profile that is good unless something is
// missing, and an export of a good one that can be read back.
func fuzz(f *testing.F, ext string) {
	for _, name := range corpus(f) {
		if strings.HasSuffix(name, ext) {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := Read(filepath.Base("fuzz"+ext), data)
		if err != nil {
			return
		}
		for _, r := range all {
			hold(t, r)
			p, err := profile.Parse(r.Name+".toml", []byte(r.TOML))
			if err != nil {
				continue
			}
			for _, write := range []func(*profile.Profile) ([]byte, Report){ExportPCF, ExportIOS} {
				out, _ := write(p)
				if _, err := Read("again", out); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			}
		}
	})
}

func FuzzObfuscated(f *testing.F) {
	f.Add(published)
	f.Fuzz(func(_ *testing.T, s string) { reveal(s) })
}

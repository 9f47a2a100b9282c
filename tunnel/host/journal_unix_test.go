//go:build unix

package host

import (
	"os"
	"strings"
	"testing"
)

// Who can write the journal can choose what the service undoes.
func TestJournalThatOthersReach(t *testing.T) {
	dir := t.TempDir() + "/open"
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.Chmod(dir, 0o770))
	m := laptop(t)
	m.plug("ezvpn0")
	if err := machineOf(m, dir).Apply(splitConfig()); err == nil || !strings.Contains(err.Error(), "0700") {
		t.Errorf("Apply: %v", err)
	}
	if m.steps != 0 {
		t.Errorf("%d steps were done", m.steps)
	}
}

// The temporary file of an earlier crash, or a link that somebody set there, is not written through.
func TestJournalIsNotWrittenThroughALink(t *testing.T) {
	dir := t.TempDir()
	victim := dir + "/victim"
	must(t, os.WriteFile(victim, []byte("precious"), 0o600))
	j := journal{dir + "/state"}
	must(t, os.Mkdir(j.dir, 0o700))
	must(t, os.Symlink(victim, j.dir+"/"+journalTemp))
	want := made{Links: []string{"ezvpn0"}}
	must(t, j.save(want))
	got, err := j.load()
	must(t, err)
	if len(got.Links) != 1 || got.Links[0] != "ezvpn0" {
		t.Errorf("read back %v", got)
	}
	if b, _ := os.ReadFile(victim); string(b) != "precious" {
		t.Errorf("the file behind the link holds %q", b)
	}
	if fi, err := os.Lstat(j.dir + "/" + journalName); err != nil || fi.Mode().Perm() != 0o600 || !fi.Mode().IsRegular() {
		t.Errorf("journal %v, %v", fi, err)
	}
}

package importer

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ezvpn/client/profile"
)

var update = flag.Bool("update", false, "write the golden reports")

// corpus are the files under testdata that are not golden reports.
func corpus(t testing.TB) []string {
	t.Helper()
	all, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range all {
		st, err := os.Stat(f)
		if err == nil && !st.IsDir() && !strings.HasSuffix(f, ".golden") {
			out = append(out, f)
		}
	}
	return out
}

// TestCorpus compares each report, and each profile, with its golden file.
func TestCorpus(t *testing.T) {
	files := corpus(t)
	if len(files) < 60 {
		t.Errorf("%d files; the corpus has at least 60", len(files))
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		got := outcome(t, filepath.Base(f), data)
		if *update {
			if err := os.WriteFile(f+".golden", []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(f + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", f, got, want)
		}
	}
}

func outcome(t testing.TB, name string, data []byte) string {
	t.Helper()
	all, err := Read(name, data)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var b strings.Builder
	for _, r := range all {
		hold(t, r)
		b.WriteString(r.Report.String() + "---\n" + r.TOML + "===\n")
	}
	return b.String()
}

// hold keeps what is true of every import: the profile is good but for what the report calls missing, and no secret
// is in the report.
func hold(t testing.TB, r Result) {
	t.Helper()
	p, err := profile.Parse(r.Name+".toml", []byte(r.TOML))
	if err != nil && r.Report.Count(Missing) == 0 {
		t.Errorf("%s: nothing is missing, but: %v\n%s", r.Name, err, r.TOML)
	}
	var errs profile.Errors
	if err != nil && !errors.As(err, &errs) {
		t.Errorf("%s: %v", r.Name, err)
	}
	if p == nil {
		return
	}
	for _, s := range []profile.Secret{p.Group.Key, p.XAUTH.Password} {
		if strings.Contains(string(s), "S3cr") && strings.Contains(r.Report.String(), string(s)) {
			t.Errorf("%s: a secret is in the report", r.Name)
		}
	}
}

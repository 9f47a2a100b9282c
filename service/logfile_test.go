//go:build linux || darwin

package service

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestLogFileRotates(t *testing.T) {
	dir := t.TempDir()
	w := LogFile(filepath.Join(dir, "ezvpnd.log"))
	line := append(bytes.Repeat([]byte("x"), 1<<20-1), '\n')
	for range (logFiles + 3) * logFileMB {
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	must(t, w.Close())
	total := int64(0)
	for _, name := range list(t, dir) {
		st, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if st.Size() > logFileMB<<20 || st.Mode().Perm() != 0o600 {
			t.Errorf("%s has %d bytes, mode %v", name, st.Size(), st.Mode())
		}
		total += st.Size()
	}
	if total == 0 {
		t.Error("nothing was written")
	}
}

func TestLogFileThatCannotBe(t *testing.T) {
	book := NewLogbook(LogFile(filepath.Join(t.TempDir(), "a file", "\x00", "log")), 0, false)
	book.Info("line") // is lost, and no harm is done
	if past, _ := book.Read(t.Context(), book.lines[0].Time); len(past) != 1 {
		t.Error("the line is not in memory either")
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

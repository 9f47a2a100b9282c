// Package ezvpn holds no code. Its tests keep the floors of the module: who may import whom, and where clocks,
// goroutines and other programs may appear.
package ezvpn

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is one Go file.
type source struct {
	path string // from the root of the module, with slashes
	file *ast.File
	set  *token.FileSet
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) imports() []string {
	var all []string
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		all = append(all, p)
	}
	return all
}

func (s source) line(p token.Pos) int { return s.set.Position(p).Line }

// sources parses every Go file of the module, for each system.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || name == "build" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		all = append(all, source{filepath.ToSlash(name), f, set})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("only %d files found: the test does not stand at the root of the module", len(all))
	}
	return all
}

// within says whether a file or an imported package is, or lies below, one of the places.
func within(name string, places ...string) bool {
	return slices.ContainsFunc(places, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}

// floors are the imports within the module that do not exist. Tests keep them too, but for the packages that exist to
// test others.
var floors = []struct{ from, to, why string }{
	{"ike", "tunnel", "ike and tunnel do not know each other; client introduces them"},
	{"ike", "dpd", "ike and dpd do not know each other; client introduces them"},
	{"ike", "client", "ike is below client"},
	{"ike", "service", "ike is below service"},
	{"ike/isakmp", "ike/keymat", "the wire format needs no keys"},
	{"tunnel", "ike", "tunnel moves packets, whoever negotiated the keys"},
	{"tunnel", "dpd", "tunnel and dpd do not know each other; client introduces them"},
	{"tunnel", "client", "tunnel is below client"},
	{"tunnel", "service", "tunnel is below service"},
	{"tunnel/esp", "tunnel/host", "ESP is a transform of bytes and knows no machine"},
	{"tunnel/host", "tunnel/esp", "the settings of the machine do not depend on ESP"},
	{"dpd", "ike", "dpd is a table of times; it sends nothing itself"},
	{"dpd", "tunnel", "dpd is a table of times; it sends nothing itself"},
	{"dpd", "client", "dpd is below client"},
	{"dpd", "service", "dpd is below service"},
	{"client", "service", "client is below service"},
	{"client/profile", "ike", "a profile is checked without an engine"},
	{"client/profile", "tunnel", "a profile is checked without a tunnel"},
	{"client/profile", "dpd", "a profile is checked without an engine"},
	{"client/importer", "ike", "a foreign file is read without an engine"},
	{"client/importer", "tunnel", "a foreign file is read without a tunnel"},
	{"client/status", "ike", "the status is plain data that every surface can import"},
	{"client/status", "tunnel", "the status is plain data that every surface can import"},
	{"client/status", "dpd", "the status is plain data that every surface can import"},
	{"client/status", "client/profile", "the status is plain data that every surface can import"},
	{"client/diagnose", "tunnel", "a diagnosis explains reasons, not packets"},
	{"client/doctor", "tunnel", "findings are made of facts; service/checkup gathers them"},
	{"gui", "ike", "the desktop shows status, never engine types"},
	{"gui", "dpd", "the desktop shows status, never engine types"},
	{"gui/view", "tunnel", "what is shown is made of snapshots"},
	{"gui/tray", "tunnel", "what is shown is made of snapshots"},
	{"assets", "gui", "pictures know nothing of who shows them"},
	{"client/gateway", "client/profile", "the gateway of the tests has a policy of its own, not the client's"},
	{"service/ipc", "ike", "the language of the local socket carries status, never engine types"},
	{"service/ipc", "tunnel", "the language of the local socket carries status, never tunnel types"},
	{"service/ezvpn", "ike", "the command only asks the service"},
	{"service/ezvpn", "tunnel", "the command only asks the service"},
	{"service/ezvpn", "service/demo", "the command only asks the service"},
	{"service/ezvpnd", "ike", "main starts the service and knows no protocol"},
}

func TestFloors(t *testing.T) {
	for _, s := range sources(t) {
		for _, i := range s.imports() {
			to, ours := strings.CutPrefix(i, "ezvpn/")
			if !ours || s.test() && within(to, "ike/capturetest") {
				continue
			}
			for _, f := range floors {
				if within(s.path, f.from) && within(to, f.to) {
					t.Errorf("%s imports %s: %s", s.path, i, f.why)
				}
			}
			if within(s.path, "client") && !within(s.path, "client/interop") && within(to, "client/interop") {
				t.Errorf("%s imports %s: it is for the tests against strongSwan", s.path, i)
			}
		}
	}
}

// TestCommandSeesNoDaemon holds the command, too, to the language of the socket.
func TestCommandSeesNoDaemon(t *testing.T) {
	for _, s := range sources(t) {
		if within(s.path, "service/ezvpn", "service/ipc") && !s.test() && slices.Contains(s.imports(), "ezvpn/service") {
			t.Errorf("%s imports ezvpn/service: it has no rights of its own, and needs none of the daemon's code", s.path)
		}
	}
}

// capturetest reads recorded conversations for the tests of several packages; it is part of no program.
const capturetest = "ike/capturetest"

// pure code gets bytes and times, and gives bytes and values.
func pure(name string) bool {
	return within(name, "ike", "dpd", "tunnel/esp", "client/profile", "client/importer", "client/status", "client/diagnose", "client/doctor", "client/redact", "client/probe", "gui/view", "assets",
		"client/step.go", "client/machine.go", "client/translate.go", "client/peers.go", "client/view.go",
		"client/fail.go") && !within(name, capturetest)
}

// TestPureCodeReachesNothing keeps pure code from the network, the disk, other programs, logs and locks.
func TestPureCodeReachesNothing(t *testing.T) {
	forbidden := map[string]string{
		"net":         "it gets and gives datagrams as bytes; addresses are net/netip",
		"os":          "it does not know that there is a machine",
		"os/exec":     "it starts nothing",
		"log":         "what happens is an event for the caller",
		"sync":        "it has one owner",
		"sync/atomic": "it has one owner",
		"syscall":     "it is the same on every system",
		"unsafe":      "it parses what strangers send",
	}
	for _, s := range sources(t) {
		if !pure(s.path) || s.test() {
			continue
		}
		for _, i := range s.imports() {
			if why, ok := forbidden[i]; ok {
				t.Errorf("%s imports %s: pure code does not, %s", s.path, i, why)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if name, ok := member(n, "slog"); ok && name != "Value" && name != "StringValue" {
				t.Errorf("%s:%d uses slog.%s: what happens is an event for the caller", s.path, s.line(n.Pos()), name)
			}
			return true
		})
	}
}

// member is the name in an expression like slog.Value. A secret has to say how it is logged: as nothing.
func member(n ast.Node, of string) (string, bool) {
	e, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	x, ok := e.X.(*ast.Ident)
	return e.Sel.Name, ok && x.Name == of
}

// clocks are the functions of package time that read the clock or wait for it.
var clocks = []string{"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep"}

// impure is where clocks and goroutines may be. Below the loop of the session, now is an argument.
func impure(name string) bool {
	return within(name, "client/session.go", "client/clock.go", "client/watch.go", "client/keys.go", "client/worker.go", "client/gateway", "client/interop",
		"service", "tunnel", "gui/ezvpn-gui", "gui/ezvpn-window", "gui/link", "gui/tray", "gui/window") && !pure(name)
}

func TestClocksAndGoroutines(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || impure(s.path) || within(s.path, capturetest) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s:%d starts a goroutine; only the loops of client, tunnel and service do", s.path, s.line(n.Pos()))
			}
			if name, ok := member(n, "time"); ok && slices.Contains(clocks, name) {
				t.Errorf("%s:%d uses time.%s; below the loop of the session now is an argument", s.path, s.line(n.Pos()), name)
			}
			return true
		})
	}
}

// TestNoSleep: a test that sleeps is slow, or fails on a busy machine. In virtual time sleeping costs nothing and is
// exact; a package whose tests run in bubbles may have the bubble in another file.
func TestNoSleep(t *testing.T) {
	bubbled := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() && slices.Contains(s.imports(), "testing/synctest") {
			bubbled[path.Dir(s.path)] = true
		}
	}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if name, ok := member(n, "time"); ok && name == "Sleep" && !(s.test() && bubbled[path.Dir(s.path)]) {
				t.Errorf("%s:%d sleeps", s.path, s.line(n.Pos()))
			}
			return true
		})
	}
}

// starters are the files that start other programs, and which.
var starters = map[string]string{
	"tunnel/host/resolvconf_linux.go":    "resolvconf, which has no other interface",
	"client/interop/report/step.go":      "the steps of make test",
	"gui/ezvpn-gui/windows.go":           "ezvpn-window, since a window needs OpenGL and the tray must not",
	"gui/ezvpn-gui":                      "itself as the tray under test, and the bus that it stands on",
	"client/interop":                     "the programs under test, and the network around them; tests only",
	"tunnel/host/netns_linux_test.go":    "ip, to build what the code then changes",
	"service/process_linux_test.go":      "itself, as a daemon with its own network, and as callers of other users",
	"service/repair/crash_linux_test.go": "itself, to be killed, and ip, to see what is left",
}

func TestOtherPrograms(t *testing.T) {
	for _, s := range sources(t) {
		if !slices.Contains(s.imports(), "os/exec") {
			continue
		}
		_, listed := starters[s.path]
		if _, dir := starters[path.Dir(s.path)]; !listed && !(dir && s.test()) {
			t.Errorf("%s imports os/exec: only those listed here start programs", s.path)
		}
	}
}

const (
	tooLong = 600 // lines of a file
	unnamed = "utils util helpers helper common types misc"
)

func TestFiles(t *testing.T) {
	for _, s := range sources(t) {
		if n := s.line(s.file.FileEnd); n > tooLong {
			t.Errorf("%s has %d lines: which two ideas does it hold?", s.path, n)
		}
		if slices.Contains(strings.Fields(unnamed), strings.TrimSuffix(path.Base(s.path), ".go")) {
			t.Errorf("%s: name the file for its idea", s.path)
		}
	}
}

// alone are the files for one system that have no counterparts, and why.
var alone = map[string]string{
	"tunnel/host/resolvconf_linux.go": "a way to set DNS that only Linux has; dns_linux.go chooses",
	"tunnel/host/resolved_linux.go":   "a way to set DNS that only Linux has; dns_linux.go chooses",
	"tunnel/host/tables_linux.go":     "what the kernel's messages say; only Linux is watched",
	"tunnel/udp_linux.go":             "udp_plain.go serves the others",
}

// TestSystems: what one system has, the others have under the same name. _unix stands for Linux and macOS.
func TestSystems(t *testing.T) {
	files := map[string]map[string]string{} // by path without system: what each system exports
	for _, s := range sources(t) {
		stem, system, ok := cutLast(strings.TrimSuffix(s.path, ".go"), "_")
		if _, listed := alone[s.path]; !ok || listed || s.test() {
			continue
		}
		names := strings.Join(exported(s.file), " ")
		switch system {
		case "linux", "darwin", "windows":
			put(files, stem, system, names)
		case "unix":
			put(files, stem, "linux", names)
			put(files, stem, "darwin", names)
		}
	}
	for stem, systems := range files {
		for _, system := range []string{"linux", "darwin", "windows"} {
			switch names, ok := systems[system]; {
			case !ok:
				t.Errorf("%s_%s.go is missing; others have it", stem, system)
			case names != systems["linux"]:
				t.Errorf("%s exports %q on %s, and %q on linux", stem, names, system, systems["linux"])
			}
		}
	}
}

func put(files map[string]map[string]string, stem, system, names string) {
	if files[stem] == nil {
		files[stem] = map[string]string{}
	}
	files[stem][system] = strings.TrimSpace(files[stem][system] + " " + names)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// exported are the exported names of a file that are no methods.
func exported(f *ast.File) []string {
	var all []string
	add := func(id *ast.Ident) {
		if id.IsExported() {
			all = append(all, id.Name)
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name)
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						add(id)
					}
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

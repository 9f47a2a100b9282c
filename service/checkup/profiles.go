package checkup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ezvpn/client/doctor"
	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// source is where profiles are read: from the daemon, or from the directories if none answers.
type source interface {
	names(ctx context.Context) (names []string, why string)
	read(ctx context.Context, name string) (p *profile.Profile, wrong []string)
}

// choose finds the profile to examine: what was named, else what is in use, else the only one.
func choose(ctx context.Context, o Options, s *status.Snapshot) (doctor.Profile, *profile.Profile) {
	var from source = folders{o.Profiles, o.Managed}
	if s != nil {
		from = daemon{o.Daemon}
	}
	name := o.Profile
	if name == "" && s != nil {
		name = s.Profile
	}
	if name == "" {
		all, why := from.names(ctx)
		if len(all) != 1 {
			return doctor.Profile{Choice: all, Why: why}, nil
		}
		name = all[0]
	}
	p, wrong := from.read(ctx, name)
	d := doctor.Profile{Name: name, Errors: wrong}
	if p != nil {
		d.LocalPort, d.ForceNATT = p.IKE.LocalPort, p.NAT.Mode == "force"
	}
	return d, p
}

type daemon struct{ *ipc.Client }

func (d daemon) names(ctx context.Context) (names []string, why string) {
	ctx, cancel := context.WithTimeout(ctx, askDaemon)
	defer cancel()
	list, err := d.ListProfiles(ctx)
	if err != nil {
		return nil, err.Error()
	}
	for _, p := range list.Profiles {
		names = append(names, p.Name)
	}
	return names, ""
}

// read parses the profile as the daemon shows it: all is there but the secrets, in whose place others stand.
func (d daemon) read(ctx context.Context, name string) (*profile.Profile, []string) {
	ctx, cancel := context.WithTimeout(ctx, askDaemon)
	defer cancel()
	shown, err := d.ShowProfile(ctx, name)
	if err != nil {
		return nil, []string{err.Error()}
	}
	p, err := profile.Parse(name, []byte(shown.Text))
	if err != nil {
		return nil, append(shown.Errors, lines(err)...)
	}
	return p, shown.Errors
}

// folders are the directories of the machine's and of management's files.
type folders struct{ machine, managed string }

func (f folders) names(context.Context) (names []string, why string) {
	for _, dir := range []string{f.machine, f.managed} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			why = err.Error()
		}
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name(), ".toml"); ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, why
}

// maxFile is more than any profile has.
const maxFile = 1 << 20

func (f folders) read(_ context.Context, name string) (*profile.Profile, []string) {
	var layers []profile.Layer
	for _, l := range []struct{ dir, kind string }{{f.machine, profile.Machine}, {f.managed, profile.Managed}} {
		file := filepath.Join(l.dir, filepath.Base(name)+".toml")
		st, err := os.Stat(file)
		if err == nil && st.Size() > maxFile {
			err = fmt.Errorf("%s is not a profile: %d bytes", file, st.Size())
		}
		var data []byte
		if err == nil {
			data, err = os.ReadFile(file)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, []string{err.Error()}
		default:
			layers = append(layers, profile.Layer{Kind: l.kind, File: filepath.Base(file), Data: data})
		}
	}
	if len(layers) == 0 {
		return nil, []string{"there is no profile " + name}
	}
	// Sealed secrets are the daemon's: what is asked of a peer here needs none, so any stands for them.
	e, err := profile.Compose(name, append([]profile.Layer{{Kind: profile.Machine, File: "sealed", Data: []byte("[group]\nkey = \"sealed\"\n")}}, layers...)...)
	if err != nil {
		if e, err = profile.Compose(name, layers...); err != nil {
			return nil, lines(err)
		}
	}
	return e.Profile, nil
}

func lines(err error) []string { return strings.Split(strings.TrimSpace(err.Error()), "\n") }

package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
	"ezvpn/service/state"
	"ezvpn/tunnel/host"
)

// fitnessInterval is how often a daemon that cannot connect for want of its state looks again.
const fitnessInterval = 10 * time.Second

// errUnfit says that nothing may be changed on this machine now, because it could not be undone.
var errUnfit = errors.New("the service cannot connect now")

// fitness is what the daemon needs of its machine beside the network: a state directory that it can write, and nothing
// left of a former tunnel. It starts without, tells so, connects nothing, and goes on when the fault is mended.
type fitness struct {
	host     host.Configurator
	profiles string
	state    string // directory; "" for none, and no lock
	log      *slog.Logger

	mu      sync.Mutex // guards below
	lock    *os.File   // of the state directory; nil if it could not be taken
	pending bool       // a former tunnel is not undone yet
	faults  []string   // as told last
	held    []string   // profiles that connect by themselves, and were refused
	notes   []string   // what stays worth knowing: a journal that was set aside
}

// ready asks whether the undo journal could be written; host.Machine is one of them.
type ready interface{ Ready() error }

// begin takes the lock and undoes what a former daemon left. The one fault that ends the daemon is another daemon.
func (f *fitness) begin() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.take(); errors.Is(err, ipc.ErrRunning) {
		return err
	}
	return nil
}

func (f *fitness) take() (err error) {
	if f.lock == nil && f.state != "" {
		f.lock, err = state.Lock(f.state)
	}
	return err
}

// undo puts the machine back as it was before the last tunnel, and looks at all else.
func (f *fitness) undo() {
	f.mu.Lock()
	f.pending = true
	f.mu.Unlock()
	f.check()
}

// check looks at everything anew, mends what it can, and logs what changed. Only while no session is up may something
// be undone; pending is cleared before the first.
func (f *fitness) check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var faults []error
	if err := f.take(); err != nil {
		faults = append(faults, err)
	}
	if err := f.revert(); err != nil {
		faults = append(faults, err)
	}
	if r, ok := f.host.(ready); ok && len(faults) == 0 {
		if err := r.Ready(); err != nil {
			faults = append(faults, err)
		}
	}
	f.tell(faults)
	if len(faults) > 0 {
		return fmt.Errorf("%w: %s", errUnfit, strings.Join(f.faults, "; "))
	}
	return nil
}

// revert undoes what is pending. A journal that cannot be read was set aside: there is no more to be done about it.
func (f *fitness) revert() error {
	if !f.pending || f.host == nil {
		return nil // the userspace stack leaves no trace
	}
	err := f.host.Revert()
	if bad := (*host.CorruptError)(nil); errors.As(err, &bad) {
		f.notes = append(f.notes, bad.Error())
		f.log.Error("the undo journal was set aside", "err", err)
		err = f.host.Revert()
	}
	if err != nil {
		return fmt.Errorf("putting the machine back as it was before the last tunnel: %w", err)
	}
	f.pending = false
	return nil
}

// tell logs each fault once, and that all is well again.
func (f *fitness) tell(faults []error) {
	var now []string
	for _, err := range faults {
		now = append(now, err.Error())
	}
	for _, text := range now {
		if !slices.Contains(f.faults, text) {
			f.log.Error("not fit to connect", "err", text)
		}
	}
	if len(f.faults) > 0 && len(now) == 0 {
		f.log.Info("fit to connect again")
	}
	f.faults = now
}

// warnings are for the status.
func (f *fitness) warnings() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := append([]string(nil), f.notes...)
	for _, text := range f.faults {
		out = append(out, errUnfit.Error()+": "+text)
	}
	if _, err := os.Stat(f.profiles); errors.Is(err, fs.ErrNotExist) {
		out = append(out, "the directory of the profiles, "+f.profiles+", does not exist")
	}
	return out
}

// told adds the warnings to a snapshot on its way out.
func (f *fitness) told(s status.Snapshot) status.Snapshot {
	if w := f.warnings(); len(w) > 0 {
		s.Warnings = append(append([]string(nil), s.Warnings...), w...)
	}
	return s
}

// hold remembers a profile that connects by itself and was refused.
func (f *fitness) hold(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.held, name) {
		f.held = append(f.held, name)
	}
}

// watch gives start what is held, as soon as check finds nothing any more, until ctx ends.
func (f *fitness) watch(ctx context.Context, start func(names []string)) {
	t := time.NewTicker(fitnessInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if names := f.release(); len(names) > 0 {
				start(names)
			}
		}
	}
}

func (f *fitness) release() []string {
	f.mu.Lock()
	none := len(f.held) == 0
	f.mu.Unlock()
	if none || f.check() != nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	names := f.held
	f.held = nil
	return names
}

// close lets go of the state directory.
func (f *fitness) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock != nil {
		f.lock.Close()
	}
}

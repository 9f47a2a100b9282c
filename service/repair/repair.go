// Package repair puts the machine back as it was before a tunnel whose daemon is dead, without a daemon.
package repair

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"ezvpn/service/ipc"
	"ezvpn/service/state"
	"ezvpn/tunnel/host"
)

// Report is what was found and what became of it.
type Report struct {
	Found  []string `json:"found"`             // changes of the machine that a dead daemon left, one a line
	Undone bool     `json:"undone"`            // they are undone now
	Notes  []string `json:"notes,omitempty"`   // what was left as it is, and why
	Kept   string   `json:"corrupt,omitempty"` // where an undo journal that cannot be read was put
}

// ErrAlive says that a daemon runs: what it set is in use, and it puts the machine back itself when it stops.
var ErrAlive = errors.New("the service is running, so nothing was left behind")

// Run undoes what stands in the undo journal of this state directory; with dry, it only says what that is. It may be
// called any number of times.
func Run(dir string, dry bool) (Report, error) {
	r := Report{Found: []string{}}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return r, nil // no daemon ever was here
	}
	lock, err := state.Lock(dir)
	if errors.Is(err, ipc.ErrRunning) {
		return r, ErrAlive
	}
	if err != nil {
		return r, err
	}
	defer lock.Close()
	m := host.New(host.Options{Dir: dir})
	left, err := m.Left()
	if bad := (*host.CorruptError)(nil); err != nil && !errors.As(err, &bad) {
		return r, fmt.Errorf("looking at what was left: %w", err)
	} else if bad != nil {
		r.Notes = append(r.Notes, bad.Error())
	}
	r.Found = append(r.Found, left...)
	if dry {
		return r, nil
	}
	err = m.Revert()
	r.Notes = append(r.Notes, m.Notes()...)
	if bad := (*host.CorruptError)(nil); errors.As(err, &bad) {
		r.Kept, r.Notes = bad.Kept, append(m.Notes(), bad.Error())
		if left, e := m.Left(); e == nil && len(left) == 0 {
			err = nil
		}
	}
	r.Undone = err == nil
	return r, err
}

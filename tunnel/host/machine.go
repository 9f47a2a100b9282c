package host

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Options say where the machine's undo journal lives.
type Options struct {
	// Dir is the journal's directory: owned by this process's user, made with mode 0700. It must outlast a reboot
	// where resolv.conf is written as a file, so a directory under /var/lib is right and one under /run is not.
	Dir string
}

// system is what differs between the real machines and a model of one: how to see, how to change.
type system struct {
	view      func() (MachineView, error)
	do        func(step) error        // any step but those of the name service
	chooseDNS func() (by, why string) // the mechanism for name service
	dropping  func() []string         // MachineView.Dropping; nil where it cannot be told
	carriers  func(by string) carrier // unknown mechanisms have nil functions
}

// Machine is the Configurator of this computer.
type Machine struct {
	sys     system
	journal journal

	mu      sync.Mutex // guards all below, and that one change of the machine runs at a time
	dnsBy   string
	dnsWhy  string
	dnsMode DNSMode
	notes   []string
	have    made // what this object last left in the journal
}

// New gives the Configurator of this computer. It changes nothing; call Revert at start-up to undo what a killed
// process left.
func New(o Options) *Machine { return &Machine{sys: newSystem(), journal: journal{o.Dir}} }

// Apply makes the machine match c.
func (m *Machine) Apply(c Config) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := check(c); err != nil {
		return fmt.Errorf("refused to change the machine: %w", err)
	}
	view, err := m.sys.view()
	if err != nil {
		return err
	}
	if c.DNS.on() {
		view.DNSBy, view.DNSWhy = m.sys.chooseDNS()
	}
	if len(c.Forward) > 0 && m.sys.dropping != nil {
		view.Dropping = m.sys.dropping()
	}
	have, err := m.load()
	if err != nil {
		return err
	}
	steps, notes, err := plan(have, c, view)
	if err != nil {
		return err
	}
	m.notes = notes
	if steps, err = m.prepare(have, steps); err != nil {
		return err
	}
	have, err = m.run(have.intend(c.Interface, steps), steps, true)
	m.have = have
	if err != nil {
		return err
	}
	m.dnsBy, m.dnsWhy, m.dnsMode = "", "", DNSOff
	if c.DNS.on() {
		m.dnsBy, m.dnsWhy, m.dnsMode = view.DNSBy, view.DNSWhy, c.DNS.Mode
	}
	if view, err = m.sys.view(); err != nil {
		return err
	}
	m.have = have.settled(c.Interface, view)
	return m.journal.save(m.have)
}

// prepare completes the name service steps with what undoing them needs.
func (m *Machine) prepare(have made, steps []step) ([]step, error) {
	for i, s := range steps {
		if s.Op != opSetDNS {
			continue
		}
		var prior *dnsRecord
		if at := slices.IndexFunc(have.DNS, s.DNS.same); at >= 0 {
			prior = &have.DNS[at]
		}
		c := m.sys.carriers(s.DNS.By)
		if c.prepare == nil {
			continue
		}
		r, err := c.prepare(s.DNS, prior)
		if err != nil {
			return nil, err
		}
		steps[i].DNS = r
	}
	return steps, nil
}

// Reached is called at each point between two changes of the machine or of a file. It is for tests of crashes, which end
// their process there.
var Reached = func(point string) {}

// run writes the journal, carries out the steps, and returns what is made then. With stop, the first failure ends it;
// without, what can be undone is.
func (m *Machine) run(have made, steps []step, stop bool) (made, error) {
	if len(steps) == 0 {
		return have, nil
	}
	if err := m.journal.save(have); err != nil {
		return have, err
	}
	var errs []error
	for _, s := range steps {
		if err := m.step(s); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s, err))
			if stop {
				break
			}
			continue
		}
		have = have.done(s)
	}
	if len(errs) > 0 {
		errs = append(errs, m.journal.save(have))
	}
	return have, errors.Join(errs...)
}

func (m *Machine) step(s step) error {
	Reached("before " + s.String())
	defer Reached("after " + s.String())
	if s.Op != opSetDNS && s.Op != opClearDNS {
		return m.sys.do(s)
	}
	c := m.sys.carriers(s.DNS.By)
	if c.set == nil {
		return fmt.Errorf("no such mechanism on this system: %w", ErrUnsupported)
	}
	if s.Op == opSetDNS {
		return c.set(s.DNS)
	}
	note, err := c.clear(s.DNS)
	if note != "" {
		m.notes = put(m.notes, note)
	}
	return err
}

// Revert puts the machine back, from the journal alone. It may be called at any time and any number of times; what
// could not be undone stays in the journal for the next call.
func (m *Machine) Revert() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dnsBy, m.dnsWhy, m.dnsMode, m.notes = "", "", DNSOff, nil
	have, err := m.load()
	if err != nil {
		return err
	}
	return m.revert(have)
}

func (m *Machine) revert(have made) error {
	view, err := m.sys.view()
	if errors.Is(err, ErrUnsupported) && have.empty() {
		return nil // nothing was ever made on a system that cannot make anything
	}
	if err != nil {
		return err
	}
	steps, _, err := plan(have, Config{}, view)
	if err != nil {
		return err
	}
	if m.have, err = m.run(have, steps, false); err != nil {
		return fmt.Errorf("the machine is not wholly as it was: %w", err)
	}
	m.have = made{}
	return m.journal.save(m.have)
}

// load reads the journal. When it is unreadable, what carries our mark is removed, since nothing else is certain.
func (m *Machine) load() (made, error) {
	have, err := m.journal.load()
	if bad := (*CorruptError)(nil); errors.As(err, &bad) {
		return made{}, errors.Join(err, m.revert(made{}))
	}
	return have, err
}

// DNSBy names the mechanism that carries the tunnel's name service now; empty if none does.
func (m *Machine) DNSBy() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dnsBy
}

// Describe is one line for status: what carries the name service, why, and what that means.
func (m *Machine) Describe() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dnsBy == "" {
		return "the tunnel's name service is not set"
	}
	out := []string{cmp.Or(m.dnsWhy, "chosen by the system")}
	switch {
	case m.dnsMode == DNSFull:
		out = append(out, "all names are asked through the tunnel")
	case m.dnsBy == byResolved:
		out = append(out, "only the tunnel's domains are asked through it")
	default:
		out = append(out, "this mechanism cannot split by name: the tunnel's servers are asked first for every name")
	}
	return m.dnsBy + ": " + strings.Join(out, "; ")
}

// Notes are what the last Apply or Revert decided that a user may want to know, one sentence each.
func (m *Machine) Notes() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.notes)
}

// Ready says whether Apply could write the undo journal now, by writing as much beside it. It changes nothing else.
func (m *Machine) Ready() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.journal.probe()
}

package host

import "errors"

// Left says what Revert would undo now, one change a line, and changes nothing itself. A journal that cannot be read is
// a *CorruptError with an empty Kept; the lines are then those of what carries our mark.
func (m *Machine) Left() ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	have, corrupt := m.journal.peek()
	if bad := (*CorruptError)(nil); corrupt != nil && !errors.As(corrupt, &bad) {
		return nil, corrupt
	}
	view, err := m.sys.view()
	if errors.Is(err, ErrUnsupported) && have.empty() {
		return nil, corrupt
	}
	if err != nil {
		return nil, err
	}
	steps, _, err := plan(have, Config{}, view)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range steps {
		lines = append(lines, s.String())
	}
	return lines, corrupt
}

package profile

// Check looks at one file of a profile alone. A machine's file is a whole profile. What a user or management adds to
// one is a part: its keys and values are checked, and nothing that is missing is missed. The error is of type Errors.
func Check(name string, l Layer) error {
	if l.Kind == Machine {
		_, err := Compose(name, l)
		return err
	}
	s, errs := decode(l.Kind, l.File, l.Data)
	if len(errs) > 0 {
		return errs.sorted()
	}
	r := reader{name: name, p: &Profile{}, sources: []source{s}}
	r.lock = locksOf(r.sources)
	r.unknown(&r.sources[0])
	for _, k := range keys {
		r.read(k)
	}
	r.checkLocked()
	r.errs = append(r.errs, r.notes...) // alone, a value that would not be used is a mistake
	if len(r.errs) > 0 {
		return r.errs.sorted()
	}
	return nil
}

// IsManaged says whether a file looks like one of management: it has a [managed] table.
func IsManaged(data []byte) bool {
	s, errs := decode(Managed, "", data)
	if len(errs) > 0 {
		return false
	}
	_, ok := s.out.has("managed")
	return ok
}

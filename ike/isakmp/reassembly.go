package isakmp

import "time"

// FragmentLife is how long a message may stay incomplete.
const FragmentLife = 30 * time.Second

// Reassembly collects the fragments of one message at a time, from one peer. A new fragment ID replaces what was
// collected. The zero value is ready.
type Reassembly struct {
	id    uint16
	since time.Time // first fragment; zero: nothing collected
	last  int       // number of the last fragment, 0 until it is seen
	parts [MaxFragments + 1][]byte
	count int
	bytes int
}

// Add takes one fragment and gives the whole message when it was the missing one. Data is copied. Duplicates are
// dropped silently. A number of 0, beyond MaxFragments or behind the last one, and more than MaxFragmented bytes,
// and a whole that is no ISAKMP message or a fragment again, are ErrFragment; what was collected is then dropped.
func (r *Reassembly) Add(now time.Time, f Fragment) ([]byte, error) {
	if r.since.IsZero() || f.ID != r.id || now.Sub(r.since) > FragmentLife {
		*r = Reassembly{id: f.ID, since: now}
	}
	n := int(f.Number)
	if n == 0 || n > MaxFragments || len(f.Data) == 0 || !r.fits(n, f.Flags&FragmentLast != 0) {
		*r = Reassembly{}
		return nil, ErrFragment
	}
	if r.parts[n] != nil {
		return nil, nil
	}
	if r.bytes+len(f.Data) > MaxFragmented {
		*r = Reassembly{}
		return nil, ErrFragment
	}
	r.parts[n] = append([]byte(nil), f.Data...)
	r.count, r.bytes = r.count+1, r.bytes+len(f.Data)
	if f.Flags&FragmentLast != 0 {
		r.last = n
	}
	if r.count != r.last {
		return nil, nil
	}
	whole := make([]byte, 0, r.bytes)
	for _, p := range r.parts[1 : r.last+1] {
		whole = append(whole, p...)
	}
	*r = Reassembly{}
	if h, err := ParseHeader(whole); err != nil || h.Next == TypeFragment {
		return nil, ErrFragment
	}
	return whole, nil
}

// fits reports whether a fragment agrees with the last one: it is not behind it, and there is only one.
func (r *Reassembly) fits(n int, last bool) bool {
	if r.last != 0 && (n > r.last || last && n != r.last) {
		return false
	}
	if last {
		for _, p := range r.parts[n+1:] {
			if p != nil {
				return false
			}
		}
	}
	return true
}

// Deadline is when what was collected is too old; zero if nothing was. Add drops it by itself.
func (r *Reassembly) Deadline() time.Time {
	if r.since.IsZero() {
		return time.Time{}
	}
	return r.since.Add(FragmentLife)
}

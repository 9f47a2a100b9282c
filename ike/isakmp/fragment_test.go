package isakmp_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	. "ezvpn/ike/isakmp"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// long makes a message of n bytes.
func long(n int) []byte {
	h := Header{Initiator: Cookie{1}, Responder: Cookie{2}, Exchange: MainMode}
	data := make([]byte, n-HeaderLen-4)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return AppendMessage(nil, h, Vendor{data})
}

// pieces cuts a message and gives the fragments.
func pieces(t testing.TB, message []byte, size int) []Fragment {
	t.Helper()
	var out []Fragment
	for i, b := range Split(message, 9, size) {
		h, err := ParseHeader(b)
		if err != nil || h.Next != TypeFragment || h.Flags != 0 || len(b) > size {
			t.Fatalf("fragment %d: %+v, %d bytes, %v", i, h, len(b), err)
		}
		ps, n, err := ParsePayloads(h.Next, b[HeaderLen:])
		if err != nil || n != len(b)-HeaderLen || len(ps) != 1 {
			t.Fatalf("fragment %d: %v", i, err)
		}
		out = append(out, ps[0].Payload.(Fragment))
	}
	return out
}

func TestSplitAndReassemble(t *testing.T) {
	message := long(2000)
	fs := pieces(t, message, 600)
	if len(fs) != 4 || fs[3].Flags != FragmentLast || fs[0].Flags != 0 || fs[0].Number != 1 || fs[0].ID != 9 {
		t.Fatalf("%d fragments, first %d, last flags %d", len(fs), fs[0].Number, fs[len(fs)-1].Flags)
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {0, 0, 1, 3, 3, 0, 2}} {
		var r Reassembly
		for i, n := range order {
			whole, err := r.Add(noon, fs[n])
			if err != nil {
				t.Fatalf("%v: %v", order, err)
			}
			if last := i == len(order)-1; last != (whole != nil) {
				t.Errorf("%v: whole after %d", order, i+1)
			} else if last && !bytes.Equal(whole, message) {
				t.Errorf("%v: another message came back", order)
			}
		}
		if !r.Deadline().IsZero() {
			t.Errorf("%v: something is kept", order)
		}
	}
}

func TestSplitLeavesAlone(t *testing.T) {
	for name, v := range map[string]struct {
		b    []byte
		size int
	}{
		"what fits": {long(600), 600}, "no room": {long(600), 36}, "what would take too many": {long(6400), 100},
		"what is no message": {make([]byte, 600), 100},
	} {
		if got := Split(v.b, 1, v.size); len(got) != 1 || !bytes.Equal(got[0], v.b) {
			t.Errorf("%s: %d pieces", name, len(got))
		}
	}
}

func TestHostileFragments(t *testing.T) {
	fs := pieces(t, long(2000), 600)
	with := func(f Fragment, change func(*Fragment)) Fragment { change(&f); return f }
	for name, v := range map[string]struct {
		in   []Fragment
		fail int // index of the one that is refused
	}{
		"number 0":              {[]Fragment{with(fs[0], func(f *Fragment) { f.Number = 0 })}, 0},
		"number 65":             {[]Fragment{with(fs[0], func(f *Fragment) { f.Number = 65 })}, 0},
		"number 255":            {[]Fragment{with(fs[0], func(f *Fragment) { f.Number = 255 })}, 0},
		"nothing inside":        {[]Fragment{with(fs[0], func(f *Fragment) { f.Data = nil })}, 0},
		"behind the last":       {[]Fragment{with(fs[1], func(f *Fragment) { f.Flags = 1 }), fs[2]}, 1},
		"last before another":   {[]Fragment{fs[2], with(fs[1], func(f *Fragment) { f.Flags = 1 })}, 1},
		"two last ones":         {[]Fragment{fs[3], with(fs[2], func(f *Fragment) { f.Flags = 1 })}, 1},
		"more than 32 KiB":      {[]Fragment{with(fs[0], func(f *Fragment) { f.Data = make([]byte, MaxFragmented) }), fs[1]}, 1},
		"no ISAKMP inside":      {[]Fragment{{ID: 1, Number: 1, Flags: 1, Data: make([]byte, 40)}}, 0},
		"a fragment inside":     {[]Fragment{{ID: 1, Number: 1, Flags: 1, Data: Split(long(2000), 1, 600)[0]}}, 0},
		"a short header inside": {[]Fragment{{ID: 1, Number: 1, Flags: 1, Data: []byte{1}}}, 0},
	} {
		var r Reassembly
		for i, f := range v.in {
			whole, err := r.Add(noon, f)
			if whole != nil || (i == v.fail) != (err != nil) || err != nil && !errors.Is(err, ErrFragment) {
				t.Errorf("%s: fragment %d: %v", name, i, err)
			}
		}
		if !r.Deadline().IsZero() {
			t.Errorf("%s: something is kept", name)
		}
	}
}

func TestDuplicateKeepsTheFirst(t *testing.T) {
	message := long(1000)
	fs := pieces(t, message, 600)
	var r Reassembly
	forged := fs[0]
	forged.Data = bytes.Repeat([]byte{0xff}, len(forged.Data))
	r.Add(noon, fs[0])
	r.Add(noon, forged)
	if whole, err := r.Add(noon, fs[1]); err != nil || !bytes.Equal(whole, message) {
		t.Errorf("the second one of a number won: %v", err)
	}
}

func TestReassemblyCopies(t *testing.T) {
	message := long(1000)
	fs := pieces(t, message, 600)
	var r Reassembly
	buffer := bytes.Clone(fs[0].Data)
	r.Add(noon, Fragment{ID: 9, Number: 1, Data: buffer})
	clear(buffer)
	if whole, _ := r.Add(noon, fs[1]); !bytes.Equal(whole, message) {
		t.Error("a fragment changed after it was taken")
	}
}

func TestNewFragmentIDReplaces(t *testing.T) {
	message := long(1000)
	fs := pieces(t, message, 600)
	var r Reassembly
	r.Add(noon, Fragment{ID: 8, Number: 2, Data: []byte("old")})
	r.Add(noon, fs[0])
	if whole, err := r.Add(noon, fs[1]); err != nil || !bytes.Equal(whole, message) {
		t.Errorf("old fragments got in the way: %v", err)
	}
}

func TestOldFragmentsAreDropped(t *testing.T) {
	fs := pieces(t, long(1000), 600)
	var r Reassembly
	r.Add(noon, fs[0])
	if at := r.Deadline(); !at.Equal(noon.Add(30 * time.Second)) {
		t.Errorf("deadline is %v", at)
	}
	if whole, err := r.Add(noon.Add(31*time.Second), fs[1]); whole != nil || err != nil {
		t.Errorf("after 31 s: %v, %v", whole != nil, err)
	}
	if whole, err := r.Add(noon.Add(60*time.Second), fs[0]); whole == nil || err != nil {
		t.Errorf("29 s after the second: %v, %v", whole != nil, err)
	}
}

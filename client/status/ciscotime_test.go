package status

import (
	"testing"
	"time"
)

// TestCiscoTime: the first line of the trace in the document on periodic DPD, and a day of one digit, which IOS pads
// with a space.
func TestCiscoTime(t *testing.T) {
	for want, at := range map[string]time.Time{
		"*Mar 25 15:17:14.131: ": time.Date(2026, 3, 25, 15, 17, 14, 131_900_000, time.UTC),
		"*Mar  5 05:07:04.000: ": time.Date(2026, 3, 5, 5, 7, 4, 0, time.FixedZone("", 3600)),
	} {
		if got := CiscoTime(at); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

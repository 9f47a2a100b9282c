package tunnel

import "time"

// Bounds of the pause after a failed read.
const (
	firstPause = time.Millisecond
	lastPause  = time.Second
)

// backoff keeps a pump whose reads fail again and again from running hot.
type backoff struct{ next time.Duration }

// good forgets the failures.
func (b *backoff) good() { b.next = 0 }

// wait pauses: not at all after a first failure, then longer each time. It says false if done is closed.
func (b *backoff) wait(done <-chan struct{}) bool {
	pause := b.next
	b.next = min(max(2*pause, firstPause), lastPause)
	if pause == 0 {
		return true
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-done:
		return false
	case <-timer.C:
		return true
	}
}

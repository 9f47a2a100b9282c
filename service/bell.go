package service

import "sync"

// bell counts how often the profiles changed, and wakes those who show them.
type bell struct {
	mu     sync.Mutex // guards below
	serial uint64
	next   chan struct{} // closed at the next change; nil until somebody waits
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial++
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// now is the count, and what is closed when it grows.
func (b *bell) now() (serial uint64, next <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.serial, b.next
}

package client

import "time"

// slack is how much sleep is none: clocks are read one after the other.
const slack = time.Second

// sawSleep takes how long the machine has slept in all, and says whether it slept since the last time.
func (s *session) sawSleep(total time.Duration) bool {
	if total-s.slept < slack {
		return false
	}
	s.nap, s.slept, s.wokeAt = total-s.slept, total, time.Now()
	return true
}

// now is the time, sleep of the machine included. It does not follow when somebody sets the clock.
func (s *session) now() time.Time {
	if s.platform.Asleep == nil {
		return time.Now()
	}
	return s.epoch.Round(0).Add(time.Since(s.epoch) + s.slept - s.sleptBefore)
}

// fromTunnel turns a time of the data path, which knows nothing of sleep, into one of ours.
func (s *session) fromTunnel(t time.Time) time.Time {
	if t.IsZero() || s.platform.Asleep == nil {
		return t
	}
	age := time.Since(t)
	if !s.wokeAt.IsZero() && t.Before(s.wokeAt) {
		age += s.nap
	}
	return s.now().Add(-age)
}

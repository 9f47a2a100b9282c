package client

import "time"

// The pauses of a fleet that lost its gateways. One remote alone needs no jitter; ten thousand that were cut off in the
// same second come back in the same second, unless each of them throws a die.
const (
	firstPause  = 5 * time.Second
	longestMean = 30 * time.Second
	maxSpread   = 1500 * time.Millisecond
)

// pauseAfter is how long a remote waits after it tried all its peers in vain for the round'th time in a row (1, 2, ...).
// chance in [0, 1) is the jitter: the pause lies between half and one and a half times its mean.
func pauseAfter(round int, chance float64) time.Duration {
	mean := min(firstPause<<min(max(round, 1)-1, 10), longestMean)
	return time.Duration(float64(mean) * (0.5 + chance))
}

// spreadAfterDeath is a short wait before the next peer is dialed after a dead one.
func spreadAfterDeath(chance float64) time.Duration {
	return time.Duration(float64(maxSpread) * chance)
}

// returnHold is how long the tunnel stays with another peer before the way back to the first one is tried: hold, and up
// to half of it more.
func returnHold(hold time.Duration, chance float64) time.Duration {
	return hold + time.Duration(float64(hold)/2*chance)
}

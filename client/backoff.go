package client

import "time"

// How long a remote waits, chosen by the simulation in fleet_test.go: 10,000 remotes and three gateways that complete
// 50 connects a second each and drop what is more. The figures are for all tunnels to be up again when gateway 1 dies
// (allowed: 150 s), and when all three come back after ten minutes (100 s).
//
//	a peer is waited for 4 to 16 s, pauses of 3, 6 and 10 s     128 to 130 s     80 to 92 s
//	10 s for every peer                                         195 s            90 s
//	30 s for every peer, as the engine does by itself           327 s            213 s
//	pauses that grow to 30 s                                    134 s            109 to 113 s
//	a first pause of 10 s                                       138 s            87 s
//
// A dead gateway hears one message in three to four seconds from each remote; with pauses of 30 s it is one in five.
const (
	firstPause   = 3 * time.Second
	longestPause = 10 * time.Second // the mean; jitter makes it half of that to half as much again
	leastAnswer  = 4 * time.Second  // three transmissions of the first message
	mostAnswer   = 16 * time.Second // five
)

// pauseAfter is how long a remote waits after it tried all its peers in vain for the round'th time in a row (1, 2, ...).
// chance in [0, 1) is the jitter: remotes that were cut off in the same second do not come back in the same second.
func pauseAfter(round int, chance float64) time.Duration {
	mean := min(firstPause<<min(max(round, 1)-1, 10), longestPause)
	return time.Duration(float64(mean) * (0.5 + chance))
}

// answerWithin is how long a peer may leave the first message unanswered before the next one has its turn, where there
// is another. A gateway that sheds load says nothing. Were all to wait equally long, the fleet would go round the
// ordered list as one: one gateway drowns, the others are idle.
func answerWithin(chance float64) time.Duration {
	return leastAnswer + time.Duration(float64(mostAnswer-leastAnswer)*chance)
}

// returnHold is how long the tunnel stays with another peer before the way back to the first one is tried, and between
// one try and the next: hold, and up to half of it more. With a hold of a minute 10,000 remotes are back after 260 s
// (allowed: 300 s); they come over a minute and more, not all in the second in which the first peer is back.
func returnHold(hold time.Duration, chance float64) time.Duration {
	return hold + time.Duration(float64(hold)/2*chance)
}

// pauseAfterBrief is how long a remote waits after the brief'th tunnel in a row broke at once, where a gateway takes it
// and throws it out again: each time is a login, so the pauses grow to five minutes.
func pauseAfterBrief(brief int, chance float64) time.Duration {
	if brief < 2 {
		return 0
	}
	return time.Duration(float64(min(firstPause<<min(brief-2, 10), 5*time.Minute)) * (0.5 + chance))
}

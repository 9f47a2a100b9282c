package client

import "time"

func pauseAfter(round int, chance float64) time.Duration {
	return time.Duration(float64(min(5*time.Second<<min(round-1, 10), time.Minute)) * (0.5 + chance))
}

func returnHold(hold time.Duration, chance float64) time.Duration {
	return hold + time.Duration(float64(hold)/2*chance)
}

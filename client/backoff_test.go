package client

import (
	"testing"
	"time"
)

const almostOne = 1 - 1e-9

// Pauses grow, are never nothing, and have an end, whatever the die shows.
func TestPauseAfter(t *testing.T) {
	for _, chance := range []float64{0, 0.25, 0.5, almostOne} {
		before := time.Duration(0)
		for round := 1; round < 200; round++ {
			p := pauseAfter(round, chance)
			if p < before || p < firstPause/2 || p >= longestPause*3/2 {
				t.Fatalf("round %d, die %v: %v after %v", round, chance, p, before)
			}
			before = p
		}
		if before < longestPause/2 {
			t.Errorf("die %v: the longest pause is %v", chance, before)
		}
	}
	if a, b := pauseAfter(0, 0.5), pauseAfter(1, 0.5); a != b {
		t.Errorf("before the first round %v, after it %v", a, b)
	}
	if low, high := pauseAfter(9, 0), pauseAfter(9, almostOne); high-low < longestPause*9/10 {
		t.Errorf("the jitter is %v to %v only", low, high)
	}
}

// The next peer has its turn before the engine gives up, and not before a lost packet was sent again twice (after 1 and
// 3 s).
func TestAnswerWithin(t *testing.T) {
	for _, chance := range []float64{0, 0.3, almostOne} {
		if d := answerWithin(chance); d <= firstMessages[2] || d >= noAnswerAfter {
			t.Errorf("die %v: %v", chance, d)
		}
	}
	if answerWithin(0) == answerWithin(0.5) {
		t.Error("no jitter")
	}
}

// The hold that the operator set is kept.
func TestReturnHold(t *testing.T) {
	for _, hold := range []time.Duration{10 * time.Second, time.Minute, 24 * time.Hour} {
		if got := returnHold(hold, 0); got != hold {
			t.Errorf("%v became %v", hold, got)
		}
		if got := returnHold(hold, almostOne); got < hold*14/10 || got > hold*3/2 {
			t.Errorf("%v became %v at most", hold, got)
		}
	}
}

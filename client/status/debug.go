package status

import "time"

// DebugLine is one line of `ezvpn debug isakmp`: what the engine and dead peer detection do, in the words of Cisco's
// `debug crypto isakmp`. Text is one line, filtered; it holds no secret.
type DebugLine struct {
	Serial uint64    `json:"serial"` // grows by one with each line of this daemon; a gap means that lines were lost
	Time   time.Time `json:"time"`
	Text   string    `json:"text"`
}

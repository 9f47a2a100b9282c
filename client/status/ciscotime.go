package status

import "time"

// CiscoTime is t in its zone as Cisco IOS begins a log or debug line: "*Mar 25 15:17:14.131: ".
func CiscoTime(t time.Time) string { return t.Format("*Jan _2 15:04:05.000: ") }

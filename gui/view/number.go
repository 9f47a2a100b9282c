package view

import (
	"fmt"
	"strconv"
	"time"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// Millis is a round trip: "12 ms", below ten with one digit behind the point.
func Millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// Rate is a throughput in bits a second: "12.3 Mbit/s".
func Rate(bits float64) string {
	for _, unit := range []string{"bit/s", "kbit/s", "Mbit/s", "Gbit/s"} {
		if bits < 999.5 || unit == "Gbit/s" {
			if unit == "bit/s" || bits >= 100 {
				return fmt.Sprintf("%.0f %s", bits, unit)
			}
			return fmt.Sprintf("%.1f %s", bits, unit)
		}
		bits /= 1000
	}
	return ""
}

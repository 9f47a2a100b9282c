//go:build linux || darwin

package service

import (
	"fmt"
	"log/syslog"
)

// SystemLog opens the syslog of this machine.
func SystemLog() (systemLog, error) {
	w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, "ezvpnd")
	if err != nil {
		return nil, fmt.Errorf("opening the syslog: %w", err)
	}
	return sysLog{w}, nil
}

type sysLog struct{ *syslog.Writer }

func (s sysLog) Error(line string) error { return s.Err(line) }

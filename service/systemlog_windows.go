package service

import (
	"fmt"

	"golang.org/x/sys/windows/svc/eventlog"
)

// The event IDs: one for each kind of line, so that an administrator can filter for them.
const (
	eventInfo    = 1
	eventWarning = 2
	eventError   = 3
)

// SystemLog opens the event log under the source that `ezvpn service install` registers.
func SystemLog() (systemLog, error) {
	l, err := eventlog.Open("ezvpnd")
	if err != nil {
		return nil, fmt.Errorf("opening the event log: %w", err)
	}
	return events{l}, nil
}

type events struct{ *eventlog.Log }

func (e events) Info(line string) error    { return e.Log.Info(eventInfo, line) }
func (e events) Warning(line string) error { return e.Log.Warning(eventWarning, line) }
func (e events) Error(line string) error   { return e.Log.Error(eventError, line) }

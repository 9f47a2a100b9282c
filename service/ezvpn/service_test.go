package main

import (
	"errors"
	"fmt"
	"testing"

	"ezvpn/service/install"
)

func TestServiceLine(t *testing.T) {
	for want, st := range map[string]install.State{
		"not installed, linux-openrc":                                {Manager: "linux-openrc"},
		"running, linux-systemd, /etc/systemd/system/ezvpnd.service": {Manager: "linux-systemd", Installed: true, Running: true, Unit: "/etc/systemd/system/ezvpnd.service"},
		"stopped, windows-service":                                   {Manager: "windows-service", Installed: true},
		"stopped, linux-systemd: service in failed state":            {Manager: "linux-systemd", Installed: true, Problem: "service in failed state"},
	} {
		if got := serviceLine(st); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestServiceFailures: each has its exit code, and says what to do.
func TestServiceFailures(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
	}{
		{install.ErrNotInstalled, exitUnreachable},
		{fmt.Errorf("%w: /usr/lib/systemd/system/ezvpnd.service", install.ErrPackaged), exitFailed},
		{errors.New("the disk is full"), exitFailed},
	} {
		var f *failure
		if err := serviceFailure("install", c.err); !errors.As(err, &f) || f.code != c.code || f.next == "" {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
	if err := serviceFailure("start", nil); err != nil {
		t.Error(err)
	}
}

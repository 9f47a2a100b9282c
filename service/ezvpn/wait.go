package main

import (
	"errors"
	"strconv"
	"time"
)

// defaultWait is how long a command waits that is told to wait, and not how long.
const defaultWait = 2 * time.Minute

// waitValue is the flag --wait[=SECONDS]: seconds, or a length of time such as 1m30s.
type waitValue time.Duration

func (w *waitValue) String() string { return time.Duration(*w).String() }
func (w *waitValue) Type() string   { return "seconds" }

func (w *waitValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	if n, e := strconv.ParseUint(s, 10, 31); e == nil {
		d, err = time.Duration(n)*time.Second, nil
	}
	if err != nil || d < 0 {
		return errors.New("it is a number of seconds, or a length of time such as 1m30s; 0 is for ever")
	}
	*w = waitValue(d)
	return nil
}

// looksLikeWait says that an argument was probably meant for --wait, which takes its value behind "=" only.
func looksLikeWait(arg string) bool {
	var w waitValue
	return w.Set(arg) == nil
}

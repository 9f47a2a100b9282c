package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	flowPiece = 64 << 10        // bytes in one direction, between two looks at the clock
	impatient = 3 * time.Second // without a byte, for those who would rather begin again
)

// flow moves pieces there and back on one connection, and looks at each. It tells how many bytes were right, and the
// longest time in which none came: the other side's checksum of what was sent counts as an answer, so that a pause in
// either direction shows. With again, it goes on with a new connection whatever happens, but for bytes that changed.
func flow(host string, long time.Duration, rate int64, again bool) error {
	f := &steady{began: time.Now(), long: long, rate: rate, told: make(chan os.Signal, 1)}
	f.last = f.began
	signal.Notify(f.told, syscall.SIGTERM)
	for {
		err := f.converse(host, again)
		if err != nil && (!again || errors.Is(err, errDiffers)) {
			return fmt.Errorf("flow: after %v and %d bytes: %w", time.Since(f.began).Round(time.Millisecond), f.right, err)
		}
		if f.over() {
			f.came() // what stood still to the end counts too
			fmt.Printf("flow %d bytes in %v, longest pause %v, until %s, connections %d\n", f.right,
				time.Since(f.began).Round(time.Millisecond), f.longest.Round(time.Millisecond),
				f.at.UTC().Format("15:04:05.000"), f.connections)
			return nil
		}
	}
}

// steady is one flow over all of its connections.
type steady struct {
	began, last time.Time
	longest     time.Duration // between two bytes that came
	at          time.Time     // the end of that
	long        time.Duration
	told        chan os.Signal // to end
	ended       bool
	rate        int64 // bytes a second each way; 0 for no bound
	right       int64 // bytes that arrived as they were sent
	connections int
}

func (f *steady) over() bool {
	select {
	case <-f.told:
		f.ended = true
	default:
	}
	return f.ended || time.Since(f.began) >= f.long
}

// came notes that bytes came.
func (f *steady) came() {
	now := time.Now()
	if pause := now.Sub(f.last); pause > f.longest {
		f.longest, f.at = pause, now
	}
	f.last = now
}

func (f *steady) converse(host string, again bool) error {
	wait := stalled
	if again {
		wait = impatient
	}
	conn, err := net.DialTimeout("tcp4", net.JoinHostPort(host, port), wait)
	if err != nil {
		<-time.After(impatient / 30) // who was refused at once asks again, but not in a hurry
		return err
	}
	defer conn.Close()
	f.connections++
	c := watched{conn, wait, f}
	r := bufio.NewReaderSize(c, 64<<10)
	for begin := time.Now(); !f.over(); begin = time.Now() {
		if _, err := receive(c, r, flowPiece); err != nil {
			return err
		}
		if _, err := send(c, r, flowPiece); err != nil {
			return err
		}
		f.right += 2 * flowPiece
		f.pace(begin)
	}
	return nil
}

// pace waits until a piece each way has taken as long as the rate wants. This pause is no silence of the network.
func (f *steady) pace(begin time.Time) {
	if f.rate == 0 {
		return
	}
	rest := time.Until(begin.Add(flowPiece * time.Second / time.Duration(f.rate)))
	if rest > 0 {
		<-time.After(rest)
		f.last = f.last.Add(rest)
	}
}

// watched is a connection that ends when nothing moves, and tells when bytes come.
type watched struct {
	net.Conn
	wait time.Duration
	flow *steady
}

func (c watched) Read(b []byte) (int, error) {
	c.SetReadDeadline(time.Now().Add(c.wait))
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.flow.came()
	}
	return n, err
}

func (c watched) Write(b []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(c.wait))
	return c.Conn.Write(b)
}

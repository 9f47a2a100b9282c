package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

// ping asks the host so often until the standard input ends, and prints "SEQUENCE SENT RECEIVED" for each answer, times
// in nanoseconds since 1970. The sequence numbers do not wrap. Each question goes out from the address that the machine
// has for that way at this moment: other than a program with one socket, it lives through a change of it.
func ping(host string, every time.Duration) error {
	to, err := net.ResolveIPAddr("ip4", host)
	if err != nil {
		return err
	}
	c, err := icmp.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return err
	}
	end := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(end)
	}()
	id := os.Getpid() & 0xffff
	go answers(c, id)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for seq := uint64(1); ; seq++ {
		select {
		case <-end:
			return c.Close()
		case <-tick.C:
		}
		data := binary.BigEndian.AppendUint64(nil, seq)
		data = binary.BigEndian.AppendUint64(data, uint64(time.Now().UnixNano()))
		m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: int(seq & 0xffff), Data: data}}
		b, err := m.Marshal(nil)
		if err != nil {
			return err
		}
		c.WriteTo(b, to) // refused is lost: nothing comes back
	}
}

// answers prints those to the questions with this number.
func answers(c *icmp.PacketConn, id int) {
	b := make([]byte, 1500)
	for {
		n, _, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		m, err := icmp.ParseMessage(1, b[:n]) // 1 is ICMP for IPv4
		if err != nil || m.Type != ipv4.ICMPTypeEchoReply {
			continue
		}
		if e, ok := m.Body.(*icmp.Echo); ok && e.ID == id && len(e.Data) == 16 {
			fmt.Println(binary.BigEndian.Uint64(e.Data), binary.BigEndian.Uint64(e.Data[8:]), time.Now().UnixNano())
		}
	}
}

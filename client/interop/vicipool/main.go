// Vicipool loads a pool of virtual addresses into strongSwan over its VICI socket. Other than swanctl.conf, it can give
// Mode Config attributes any bytes, commas and NUL among them.
//
//	vicipool SOCKET POOL ADDRESSES [ATTRIBUTE=TEXT | ATTRIBUTE=hex:0001]...
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vicipool:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: vicipool SOCKET POOL ADDRESSES [ATTRIBUTE=VALUE]...")
	}
	m, err := loadPool(args[1], args[2], args[3:])
	if err != nil {
		return err
	}
	reply, err := call(args[0], m)
	if err != nil {
		return err
	}
	if !bytes.Contains(reply, []byte("success\x00\x03yes")) {
		return fmt.Errorf("strongSwan refuses the pool: %q", reply)
	}
	return nil
}

// Elements of a VICI message.
const (
	sectionStart = iota + 1
	sectionEnd
	keyValue
	listStart
	listItem
	listEnd
)

func loadPool(pool, addresses string, attributes []string) ([]byte, error) {
	var names []string
	values := map[string][][]byte{}
	for _, a := range attributes {
		name, text, ok := strings.Cut(a, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not ATTRIBUTE=VALUE", a)
		}
		value := []byte(text)
		if digits, ok := strings.CutPrefix(text, "hex:"); ok {
			var err error
			if value, err = hex.DecodeString(digits); err != nil {
				return nil, fmt.Errorf("%s: %w", a, err)
			}
		}
		if values[name] == nil {
			names = append(names, name)
		}
		values[name] = append(values[name], value)
	}
	const command = "load-pool"
	m := append([]byte{0, byte(len(command))}, command...)
	m = named(m, sectionStart, pool)
	m = valued(named(m, keyValue, "addrs"), []byte(addresses))
	for _, name := range names {
		m = named(m, listStart, name)
		for _, v := range values[name] {
			m = valued(append(m, listItem), v)
		}
		m = append(m, listEnd)
	}
	return append(m, sectionEnd), nil
}

func named(m []byte, element byte, name string) []byte {
	return append(append(m, element, byte(len(name))), name...)
}

func valued(m, value []byte) []byte {
	return append(binary.BigEndian.AppendUint16(m, uint16(len(value))), value...)
}

// call sends one message and reads one, each behind its length in four bytes.
func call(socket string, m []byte) ([]byte, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...)); err != nil {
		return nil, err
	}
	var length [4]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(c, int64(binary.BigEndian.Uint32(length[:]))))
}

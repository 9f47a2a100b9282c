package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

const (
	listening = "listening"
	stalled   = 30 * time.Second // without a byte: the tunnel is dead
)

// errDiffers says that bytes changed on the way.
var errDiffers = errors.New("sha256 differs")

// A conversation is one line, "get SIZE" or "put SIZE"; then the data; then the server's SHA-256 in one line. The next
// conversation may follow on the same connection.

// pattern gives size bytes that do not compress and are not the same in each run.
func pattern(size int64) io.Reader {
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	return io.LimitReader(rand.NewChaCha8(seed), size)
}

// busy is a connection that ends when nothing moves.
type busy struct{ net.Conn }

func (c busy) Read(b []byte) (int, error) {
	c.SetReadDeadline(time.Now().Add(stalled))
	return c.Conn.Read(b)
}

func (c busy) Write(b []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(stalled))
	return c.Conn.Write(b)
}

func dial(host string) (busy, error) {
	c, err := net.DialTimeout("tcp4", net.JoinHostPort(host, port), stalled)
	return busy{c}, err
}

func get(host string, size int64) (string, error) {
	c, err := dial(host)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return receive(c, bufio.NewReaderSize(c, 64<<10), size)
}

func put(host string, size int64) (string, error) {
	c, err := dial(host)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return send(c, bufio.NewReader(c), size)
}

// receive gets size bytes in one conversation.
func receive(c io.Writer, r *bufio.Reader, size int64) (string, error) {
	if _, err := fmt.Fprintf(c, "get %d\n", size); err != nil {
		return "", err
	}
	h := sha256.New()
	if n, err := io.CopyN(h, r, size); err != nil {
		return "", fmt.Errorf("%d of %d bytes came: %w", n, size, err)
	}
	return same(r, h.Sum(nil))
}

// send puts size bytes in one conversation.
func send(c io.Writer, r *bufio.Reader, size int64) (string, error) {
	if _, err := fmt.Fprintf(c, "put %d\n", size); err != nil {
		return "", err
	}
	h := sha256.New()
	if n, err := io.Copy(io.MultiWriter(c, h), pattern(size)); err != nil {
		return "", fmt.Errorf("%d of %d bytes went: %w", n, size, err)
	}
	return same(r, h.Sum(nil))
}

// same compares what this side has with what the server says that it has.
func same(r *bufio.Reader, sum []byte) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("no checksum came: %w", err)
	}
	if ours := hex.EncodeToString(sum); line != ours+"\n" {
		return "", fmt.Errorf("%w: here %s, there %s", errDiffers, ours, line)
	}
	return line[:len(line)-1], nil
}

func serve(address, name string) error {
	l, err := net.Listen("tcp4", net.JoinHostPort(address, port))
	if err != nil {
		return err
	}
	web, err := net.Listen("tcp4", net.JoinHostPort(address, "80"))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /whoami", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, name) })
	go http.Serve(web, mux)
	fmt.Println(listening)
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			if err := answer(busy{c}); err != nil {
				fmt.Println(c.RemoteAddr(), err)
			}
		}()
	}
}

// answer holds conversations until the other side closes.
func answer(c busy) error {
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	for {
		var verb string
		var size int64
		if n, err := fmt.Fscanf(r, "%s %d\n", &verb, &size); err != nil {
			if n == 0 && errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		h := sha256.New()
		var err error
		switch verb {
		case "get":
			_, err = io.Copy(io.MultiWriter(c, h), pattern(size))
		case "put":
			_, err = io.CopyN(h, r, size)
		default:
			err = errors.New("unknown verb")
		}
		if err != nil {
			return err
		}
		if _, err = fmt.Fprintf(c, "%x\n", h.Sum(nil)); err != nil {
			return err
		}
	}
}

func whoami(host string) error {
	r, err := (&http.Client{Timeout: stalled}).Get("http://" + host + "/whoami")
	if err != nil {
		return err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<10))
	fmt.Print(string(b))
	return err
}

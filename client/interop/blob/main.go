// Blob moves test data over TCP, and shows that what arrived is what was sent.
//
//	blob serve ADDRESS NAME    serve blobs on port 7000, and NAME as http://ADDRESS/whoami
//	blob get HOST SIZE         fetch SIZE bytes
//	blob put HOST SIZE         send SIZE bytes
//	blob flow HOST SECONDS     send and check without a pause for so long
//	blob whoami HOST           print what http://HOST/whoami says
//	blob ready FILE            whether the server with this output is listening
//
// The client and the server each print, or tell the other, the SHA-256 of what they have; get, put and flow end with
// exit code 1 if the two differ.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const port = "7000"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "blob:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: blob serve ADDRESS NAME | get HOST SIZE | put HOST SIZE | flow HOST SECONDS | whoami HOST | ready FILE")
	}
	switch verb, where := args[0], args[1]; {
	case verb == "ready":
		b, err := os.ReadFile(where)
		if err == nil && !strings.Contains(string(b), listening) {
			err = errors.New("not listening yet")
		}
		return err
	case verb == "whoami":
		return whoami(where)
	case len(args) < 3:
		return fmt.Errorf("%s needs one more argument", verb)
	case verb == "serve":
		return serve(where, args[2])
	default:
		n, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number above 0", args[2])
		}
		return move(verb, where, n)
	}
}

func move(verb, host string, n int64) error {
	start := time.Now()
	var moved int64
	for rounds := 1; ; rounds++ {
		var sum string
		var err error
		size := n
		switch verb {
		case "get":
			sum, err = get(host, n)
		case "put":
			sum, err = put(host, n)
		case "flow":
			size = flowPiece
			if _, err = get(host, size); err == nil {
				sum, err = put(host, size)
				size *= 2
			}
		default:
			return fmt.Errorf("unknown verb %q", verb)
		}
		if err != nil {
			return fmt.Errorf("%s: round %d, after %v: %w", verb, rounds, time.Since(start).Round(time.Millisecond), err)
		}
		moved += size
		if verb != "flow" || time.Since(start) >= time.Duration(n)*time.Second {
			fmt.Printf("%s %d bytes in %v, sha256 %s\n", verb, moved, time.Since(start).Round(time.Millisecond), sum)
			return nil
		}
	}
}

// Blob moves test data over TCP, and shows that what arrived is what was sent.
//
//	blob serve ADDRESS NAME    serve blobs on port 7000, and NAME as http://ADDRESS/whoami
//	blob get HOST SIZE         fetch SIZE bytes
//	blob put HOST SIZE         send SIZE bytes
//	blob flow HOST SECONDS [RATE]    send and check for so long, without a pause or at most RATE bytes a second each way
//	blob again HOST SECONDS [RATE]   flow, but what breaks or stands still is begun again on a new connection
//	blob ping HOST MILLISECONDS      an ICMP echo so often, until the end of the standard input; print each answer
//	blob whoami HOST           print what http://HOST/whoami says
//	blob ready FILE            whether the server with this output is listening
//
// The client and the server each print, or tell the other, the SHA-256 of what they have; get, put, flow and again end
// with exit code 1 if the two differ.
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
		return errors.New("usage: blob serve ADDRESS NAME | get HOST SIZE | put HOST SIZE | flow HOST SECONDS [RATE] | " +
			"again HOST SECONDS [RATE] | ping HOST MILLISECONDS | whoami HOST | ready FILE")
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
		numbers, err := numbers(args[2:])
		if err != nil {
			return err
		}
		return move(verb, where, numbers)
	}
}

// numbers reads one or two; a second that is not there is 0.
func numbers(args []string) (n [2]int64, err error) {
	if len(args) > len(n) {
		return n, fmt.Errorf("%q is too much", args[len(n)])
	}
	for i, a := range args {
		if n[i], err = strconv.ParseInt(a, 10, 64); err != nil || n[i] < 1 {
			return n, fmt.Errorf("%q is not a number above 0", a)
		}
	}
	return n, nil
}

func move(verb, host string, n [2]int64) error {
	start := time.Now()
	var sum string
	var err error
	switch verb {
	case "get":
		sum, err = get(host, n[0])
	case "put":
		sum, err = put(host, n[0])
	case "flow", "again":
		return flow(host, time.Duration(n[0])*time.Second, n[1], verb == "again")
	case "ping":
		return ping(host, time.Duration(n[0])*time.Millisecond)
	default:
		return fmt.Errorf("unknown verb %q", verb)
	}
	if err != nil {
		return fmt.Errorf("%s, after %v: %w", verb, time.Since(start).Round(time.Millisecond), err)
	}
	fmt.Printf("%s %d bytes in %v, sha256 %s\n", verb, n[0], time.Since(start).Round(time.Millisecond), sum)
	return nil
}

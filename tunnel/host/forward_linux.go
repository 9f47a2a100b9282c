package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// forwardingPath is a link's own switch. That of the whole machine (ip_forward) is never written: it resets the
// switch of every link, and with it what the user chose for each.
func forwardingPath(link string) string { return "/proc/sys/net/ipv4/conf/" + link + "/forwarding" }

// allLinks stands for the whole machine in place of a link's name; the kernel gives it to no link.
const allLinks = "all"

// forwards reads a switch. A link without one, as one that is just going, forwards nothing.
func forwards(link string) bool {
	b, err := os.ReadFile(forwardingPath(link))
	return err == nil && strings.TrimSpace(string(b)) == "1"
}

func changeForwarding(s step) error {
	value := "0"
	if s.Op == opForward {
		value = "1"
	}
	f, err := os.OpenFile(forwardingPath(s.Link), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) && s.Op == opUnforward {
		return nil // the link is gone, and its switch with it
	}
	if err == nil {
		_, err = f.WriteString(value)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("%w; set net.ipv4.conf.%s.forwarding to %s by hand", err, s.Link, value)
	}
	return nil
}

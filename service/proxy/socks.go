package proxy

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"syscall"
)

// The numbers of SOCKS 5 (RFC 1928) and of its user and password method (RFC 1929).
const (
	version5     = 5
	noAuth       = 0
	userPassword = 2
	noMethod     = 0xff
	cmdConnect   = 1
	typeIPv4     = 1
	typeName     = 3
	typeIPv6     = 4
)

// Replies of RFC 1928 section 6.
const (
	replyOK           = 0
	replyFailed       = 1
	replyNotAllowed   = 2
	replyNoNetwork    = 3
	replyNoHost       = 4
	replyRefused      = 5
	replyTimeout      = 6 // TTL expired
	replyNotSupported = 7
	replyNoType       = 8
)

// errAuth says that user or password are wrong, or missing.
var errAuth = errors.New("user and password are wanted")

// credentials are what a client of the proxy has to know; the zero value wants nothing.
type credentials struct{ user, password string }

func (c credentials) wanted() bool { return c.user != "" }

func (c credentials) hold(user, password string) bool {
	u := subtle.ConstantTimeCompare([]byte(user), []byte(c.user))
	p := subtle.ConstantTimeCompare([]byte(password), []byte(c.password))
	return u&p == 1
}

// greet reads the methods of a client and agrees on one (RFC 1928 section 3).
func greet(rw io.ReadWriter, c credentials) error {
	head, err := take(rw, 2)
	if err != nil {
		return err
	}
	if head[0] != version5 {
		return fmt.Errorf("version %d of SOCKS is not spoken; use 5", head[0])
	}
	methods, err := take(rw, int(head[1]))
	if err != nil {
		return err
	}
	want := byte(noAuth)
	if c.wanted() {
		want = userPassword
	}
	for _, m := range methods {
		if m == want {
			if _, err := rw.Write([]byte{version5, want}); err != nil || want == noAuth {
				return err
			}
			return authenticate(rw, c)
		}
	}
	rw.Write([]byte{version5, noMethod})
	return errAuth
}

// authenticate is RFC 1929.
func authenticate(rw io.ReadWriter, c credentials) error {
	head, err := take(rw, 2)
	if err != nil {
		return err
	}
	user, err := take(rw, int(head[1]))
	if err != nil {
		return err
	}
	size, err := take(rw, 1)
	if err != nil {
		return err
	}
	password, err := take(rw, int(size[0]))
	if err != nil {
		return err
	}
	if head[0] != 1 || !c.hold(string(user), string(password)) {
		rw.Write([]byte{1, 1})
		return errAuth
	}
	_, err = rw.Write([]byte{1, 0})
	return err
}

// refusal is a request that is answered with a reply other than success.
type refusal struct {
	reply byte
	why   string
}

func (r refusal) Error() string { return r.why }

// request reads what a client wants (RFC 1928 section 4). Errors that are a refusal are answered with it.
func request(r io.Reader) (host, port string, err error) {
	head, err := take(r, 4)
	if err != nil {
		return "", "", err
	}
	if head[0] != version5 || head[2] != 0 {
		return "", "", errors.New("this is no SOCKS request")
	}
	switch head[3] {
	case typeIPv4, typeIPv6:
		size := 4
		if head[3] == typeIPv6 {
			size = 16
		}
		b, err := take(r, size)
		if err != nil {
			return "", "", err
		}
		a, _ := netip.AddrFromSlice(b)
		host = a.Unmap().String()
	case typeName:
		size, err := take(r, 1)
		if err != nil {
			return "", "", err
		}
		name, err := take(r, int(size[0]))
		if err != nil {
			return "", "", err
		}
		if host = string(name); !isName(host) {
			return "", "", refusal{replyNoHost, "a name that no host has"}
		}
	default:
		return "", "", refusal{replyNoType, fmt.Sprintf("address type %d", head[3])}
	}
	b, err := take(r, 2)
	if err != nil {
		return "", "", err
	}
	if head[1] != cmdConnect {
		return "", "", refusal{replyNotSupported, fmt.Sprintf("command %d; only CONNECT is spoken", head[1])}
	}
	return host, strconv.Itoa(int(binary.BigEndian.Uint16(b))), nil
}

// isName takes host names and addresses, and nothing else that a resolver could read in another way.
func isName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_') {
			return false
		}
	}
	return true
}

// answer writes a reply; the bound address is none, since it is inside (RFC 1928 section 6).
func answer(w io.Writer, reply byte) error {
	_, err := w.Write([]byte{version5, reply, 0, typeIPv4, 0, 0, 0, 0, 0, 0})
	return err
}

// replyOf is the reply for an error of route.dial.
func replyOf(err error) byte {
	var r refusal
	switch {
	case err == nil:
		return replyOK
	case errors.As(err, &r):
		return r.reply
	case errors.Is(err, ErrDown):
		return replyNoNetwork
	case errors.Is(err, ErrOutside):
		return replyNotAllowed
	case errors.Is(err, ErrNoName):
		return replyNoHost
	case errors.Is(err, syscall.ECONNREFUSED), refused(err):
		return replyRefused
	case timedOut(err):
		return replyTimeout
	case notFound(err):
		return replyNoHost
	}
	return replyFailed
}

func take(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}

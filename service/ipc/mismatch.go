package ipc

import (
	"fmt"
	"strconv"
)

// mismatch says which end is of an older release and has to be brought up to date. It is the same sentence on both
// ends; client and daemon are what they sent as their API numbers.
func mismatch(client, daemon string) *Error {
	c, cerr := strconv.ParseUint(client, 10, 31)
	d, derr := strconv.ParseUint(daemon, 10, 31)
	e := &Error{Code: VersionMismatch}
	switch {
	case cerr != nil || derr != nil || c == d:
		e.Sentence = fmt.Sprintf("what asks does not say which version of the service's language it speaks (%.12q)", client)
		e.Next = "use the ezvpn command; other programs send the header " + HeaderAPI
	case c < d:
		e.Sentence = fmt.Sprintf("the command is older than the service: it speaks version %d of the service's language, the service version %d", c, d)
		e.Next = "update what you asked with (ezvpn, or the tray: quit and start it again) to the release of the service"
	default:
		e.Sentence = fmt.Sprintf("the service is older than the command: it speaks version %d of the service's language, the command version %d", d, c)
		e.Next = "update ezvpnd to the release of the command, and restart it"
	}
	return e
}

package ipc

import (
	"fmt"
	"net"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// pipeDACL: SYSTEM and administrators everything, interactive users read and write, no further instance of the pipe
// (0x4) by anybody else, nothing for anonymous and network logons.
const pipeDACL = "D:P(D;;GA;;;AN)(D;;GA;;;NU)(D;;0x4;;;IU)(A;;GA;;;SY)(A;;GA;;;BA)(A;;GRGW;;;IU)"

// pipeOwner is SYSTEM for the service, and the administrators for one of them who runs it in the foreground: nobody may
// give a pipe to an account that is not his.
func pipeOwner() string {
	u, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err == nil && u.User.Sid.IsWellKnown(windows.WinLocalSystemSid) {
		return "O:SY"
	}
	return "O:BA"
}

// Listen makes the pipe. It fails where another process has one of this name: go-winio asks for the first instance, and
// refuses remote clients.
func Listen(path string) (net.Listener, error) {
	l, err := winio.ListenPipe(path, &winio.PipeConfig{SecurityDescriptor: pipeOwner() + pipeDACL,
		InputBufferSize: MaxBody, OutputBufferSize: MaxBody})
	if err != nil {
		return nil, fmt.Errorf("making the pipe %s: %w", path, err)
	}
	return l, nil
}

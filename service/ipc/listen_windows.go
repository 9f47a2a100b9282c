package ipc

import (
	"fmt"
	"net"

	"github.com/Microsoft/go-winio"
)

// pipeSDDL: SYSTEM and administrators everything, interactive users read and write, no further instance of the pipe
// (0x4) by anybody else, nothing for anonymous and network logons.
const pipeSDDL = "O:SYD:P(D;;GA;;;AN)(D;;GA;;;NU)(D;;0x4;;;IU)(A;;GA;;;SY)(A;;GA;;;BA)(A;;GRGW;;;IU)"

// Listen makes the pipe. It fails where another process has one of this name.
func Listen(path string) (net.Listener, error) {
	l, err := winio.ListenPipe(path, &winio.PipeConfig{SecurityDescriptor: pipeSDDL,
		InputBufferSize: MaxBody, OutputBufferSize: MaxBody})
	if err != nil {
		return nil, fmt.Errorf("making the pipe %s: %w", path, err)
	}
	return l, nil
}

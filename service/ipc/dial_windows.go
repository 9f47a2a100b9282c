package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// readWrite is GENERIC_READ and GENERIC_WRITE without FILE_APPEND_DATA: for a pipe that is the right to make another
// instance, which the pipe denies to users.
const readWrite = windows.FILE_GENERIC_READ | windows.FILE_GENERIC_WRITE&^windows.FILE_APPEND_DATA

// dialRaw lets the service see who calls, and no more: it cannot act in the caller's name.
func dialRaw(ctx context.Context, address string) (net.Conn, error) {
	return winio.DialPipeAccessImpLevel(ctx, address, readWrite, winio.PipeImpLevelIdentification)
}

// checkServer makes sure that the pipe belongs to SYSTEM or to the administrators before a password goes there.
func checkServer(c net.Conn) error {
	h, err := pipeHandle(c)
	if err != nil {
		return err
	}
	sd, err := windows.GetSecurityInfo(h, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("reading the owner of the pipe: %w", err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return fmt.Errorf("reading the owner of the pipe: %w", err)
	}
	if !owner.IsWellKnown(windows.WinLocalSystemSid) && !owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) {
		return errors.New("the pipe does not belong to the system")
	}
	return nil
}

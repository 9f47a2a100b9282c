package ipc

import (
	"errors"
	"fmt"
	"net"
	"runtime"

	"golang.org/x/sys/windows"
)

// callerEarly is false: a pipe's client is known only after something was read from it.
const callerEarly = false

var procImpersonateNamedPipeClient = windows.NewLazySystemDLL("advapi32.dll").NewProc("ImpersonateNamedPipeClient")

// Identify asks the pipe for the token of its client. A process ID would be quicker, and could be another process by
// the time it is looked up.
func Identify(c net.Conn) (Caller, error) {
	h, err := pipeHandle(c)
	if err != nil {
		return Caller{}, err
	}
	token, err := clientToken(h)
	if err != nil {
		return Caller{}, err
	}
	defer token.Close()
	return callerOfToken(token) // as ourselves: names are not looked up in the client's name
}

// clientToken is that of the client who wrote to the pipe last. The thread has it only for as long as it takes to open.
func clientToken(pipe windows.Handle) (token windows.Token, err error) {
	runtime.LockOSThread()
	if ok, _, callErr := procImpersonateNamedPipeClient.Call(uintptr(pipe)); ok == 0 {
		runtime.UnlockOSThread()
		return 0, fmt.Errorf("asking the pipe for its client: %w", callErr)
	}
	err = windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY, true, &token)
	if rerr := windows.RevertToSelf(); rerr != nil { // the thread stays locked, and ends with this goroutine
		if err == nil {
			token.Close()
		}
		return 0, fmt.Errorf("returning to the service's own identity: %w", rerr)
	}
	runtime.UnlockOSThread()
	if err != nil {
		return 0, fmt.Errorf("reading the client's token: %w", err)
	}
	return token, nil
}

func callerOfToken(token windows.Token) (Caller, error) {
	u, err := token.GetTokenUser()
	if err != nil {
		return Caller{}, fmt.Errorf("reading the client's user: %w", err)
	}
	caller := Caller{User: u.User.Sid.String()}
	caller.Name = caller.User
	if name, domain, _, err := u.User.Sid.LookupAccount(""); err == nil {
		caller.Name = domain + `\` + name
	}
	groups, err := token.GetTokenGroups()
	if err != nil {
		return Caller{}, fmt.Errorf("reading the client's groups: %w", err)
	}
	for _, g := range groups.AllGroups() {
		if g.Attributes&windows.SE_GROUP_ENABLED == 0 || g.Attributes&windows.SE_GROUP_USE_FOR_DENY_ONLY != 0 {
			continue // administrators who are not elevated
		}
		caller.Groups = append(caller.Groups, g.Sid.String())
		caller.Admin = caller.Admin || g.Sid.IsWellKnown(windows.WinBuiltinAdministratorsSid)
	}
	caller.Admin = caller.Admin || u.User.Sid.IsWellKnown(windows.WinLocalSystemSid)
	return caller, nil
}

func pipeHandle(c net.Conn) (windows.Handle, error) {
	f, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return 0, errors.New("not a named pipe")
	}
	return windows.Handle(f.Fd()), nil
}

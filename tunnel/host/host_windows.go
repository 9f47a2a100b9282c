package host

func newSystem() system {
	return system{view: viewMachine, do: change, carriers: carriers,
		chooseDNS: func() (string, string) { return "", "" }}
}

// viewMachine cannot see this system's tables, so nothing is ever planned or changed here.
func viewMachine() (MachineView, error) { return MachineView{}, ErrUnsupported }

func change(s step) error {
	switch s.Op {
	case opAddRoute, opSwapRoute, opDelRoute:
		return changeRoute(s)
	case opForward, opUnforward:
		return changeForwarding(s)
	}
	return ErrUnsupported
}

package host

func changeForwarding(step) error { return ErrUnsupported }

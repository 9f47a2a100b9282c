package host

func changeRoute(step) error { return ErrUnsupported }

package host

import "context"

// Watch tells when the network of the machine changed. This system is not watched.
func Watch(context.Context) (<-chan struct{}, error) { return nil, ErrUnsupported }

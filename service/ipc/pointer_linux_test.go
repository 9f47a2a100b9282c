package ipc

import "unsafe"

func pointer(groups []uint32) unsafe.Pointer {
	if len(groups) == 0 {
		return nil
	}
	return unsafe.Pointer(&groups[0])
}

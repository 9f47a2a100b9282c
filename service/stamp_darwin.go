package service

import (
	"io/fs"
	"syscall"
	"time"
)

// changedAt is when the file's content, owner or rights last changed. Unlike the time of its content, nobody can set it.
func changedAt(st fs.FileInfo) time.Time {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Ctimespec.Unix())
	}
	return time.Time{}
}

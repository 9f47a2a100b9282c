//go:build linux || darwin

package main

import "io/fs"

// exposed says whether others than the owner can read or write a file.
func exposed(st fs.FileInfo) bool { return st.Mode().Perm()&0o077 != 0 }

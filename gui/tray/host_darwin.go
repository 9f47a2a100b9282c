package tray

// Hosted: the panel of this system shows icons.
func Hosted() bool { return true }

package checkup

import "ezvpn/client/doctor"

// clockKept is not known: this system tells it only through programs.
func clockKept() doctor.Kept { return "" }

// tunMissing: the device comes with the system, or with the program.
func tunMissing() string { return "" }

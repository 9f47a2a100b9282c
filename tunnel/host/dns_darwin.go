package host

// carriers knows no mechanism on this system.
func carriers(string) carrier { return carrier{} }

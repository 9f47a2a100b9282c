package service

// atConsole is false: on Windows the local group decides alone, since several users may be interactive at once.
func atConsole(string) bool { return false }

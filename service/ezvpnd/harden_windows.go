package main

// harden has nothing to do: Windows writes no core file of a service unless an administrator asks for it.
func harden() {}

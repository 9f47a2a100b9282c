// Package diagnose turns what was seen into one cause of a closed list: a sentence that says what happened, the
// evidence for it, and the next step. CLI, tray, log and diagnostics bundle all show the same one. It is pure.
package diagnose

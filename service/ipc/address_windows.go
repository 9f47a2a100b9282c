package ipc

// DefaultAddress is the pipe of the service; only administrators can make one under this prefix.
const DefaultAddress = `\\.\pipe\ProtectedPrefix\Administrators\ezvpn`

// DefaultProfiles is the directory of the profiles.
const DefaultProfiles = `C:\ProgramData\ezvpn\profiles`

// DefaultState is the directory of the undo journal.
const DefaultState = `C:\ProgramData\ezvpn\state`

const startHint = "start it in an administrator's console with: ezvpnd run"

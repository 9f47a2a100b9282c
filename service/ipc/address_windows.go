package ipc

// DefaultAddress is the pipe of the service; only administrators can make one under this prefix.
const DefaultAddress = `\\.\pipe\ProtectedPrefix\Administrators\ezvpn`

// DefaultProfiles is the directory of the profiles.
const DefaultProfiles = `C:\ProgramData\ezvpn\profiles`

// DefaultManaged is the directory of what management puts over the profiles.
const DefaultManaged = `C:\ProgramData\ezvpn\managed`

// DefaultState is the directory of the undo journal, of sealed secrets and of what users set.
const DefaultState = `C:\ProgramData\ezvpn\state`

const startHint = "start it in an administrator's console with: ezvpn service start"

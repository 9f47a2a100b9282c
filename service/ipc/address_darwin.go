package ipc

// DefaultAddress is the socket of the service.
const DefaultAddress = "/var/run/ezvpn/ezvpn.sock"

// DefaultProfiles is the directory of the profiles.
const DefaultProfiles = "/Library/Application Support/ezvpn/profiles"

// DefaultState is the directory of the undo journal.
const DefaultState = "/var/db/ezvpn"

const startHint = "start it in the foreground with: sudo ezvpnd run"

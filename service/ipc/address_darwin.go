package ipc

// DefaultAddress is the socket of the service.
const DefaultAddress = "/var/run/ezvpn/ezvpn.sock"

// DefaultProfiles is the directory of the profiles.
const DefaultProfiles = "/Library/Application Support/ezvpn/profiles"

// DefaultManaged is the directory of what management puts over the profiles.
const DefaultManaged = "/Library/Application Support/ezvpn/managed"

// DefaultState is the directory of the undo journal, of sealed secrets and of what users set.
const DefaultState = "/var/db/ezvpn"

const startHint = "start it with: sudo ezvpn service start (or in the foreground: sudo ezvpnd run)"

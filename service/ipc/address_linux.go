package ipc

// DefaultAddress is the socket of the service.
const DefaultAddress = "/run/ezvpn/ezvpn.sock"

// DefaultProfiles is the directory of the profiles.
const DefaultProfiles = "/etc/ezvpn/profiles.d"

// DefaultManaged is the directory of what management puts over the profiles.
const DefaultManaged = "/etc/ezvpn/managed.d"

// DefaultState is the directory of the undo journal, of sealed secrets and of what users set.
const DefaultState = "/var/lib/ezvpn"

const startHint = "start it with: sudo ezvpn service start (or in the foreground: sudo ezvpnd run)"

package profile

// Example is a first profile: what must be said, and what is often said. It is a valid profile.
func Example() string { return example }

const example = `name    = "office"
connect = "manual"                # or "auto": keep trying
peers   = ["vpn.example.com", "vpn2.example.com"]
preset  = "cisco"                 # fills what is not said here

[group]
name = "unity"                    # group name, sent as KEY_ID
key  = "change me"                # group password; or key_file

[xauth]
username = "alice"                # the password is asked for

[dpd]
interval = 30                     # seconds, 10 to 3600
retry    = 20                     # seconds, 2 to 60
mode     = "periodic"             # or "on-demand"
`

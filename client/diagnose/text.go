package diagnose

import (
	"fmt"

	"ezvpn/ike"
)

// text is what is said about one cause. sentence is one sentence; next says what the user, or the administrator of
// the gateway, can do.
type text struct {
	cause    Cause
	tells    int
	sentence func(Evidence) string
	next     string
}

// at is a sentence about the gateway; %s is its name and address.
func at(format string) func(Evidence) string {
	return func(e Evidence) string { return capital(fmt.Sprintf(format, e.where())) }
}

// capital begins a sentence that begins with "the gateway".
func capital(s string) string {
	if len(s) > 4 && s[:4] == "the " {
		return "T" + s[1:]
	}
	return s
}

func said(s string) func(Evidence) string { return func(Evidence) string { return s } }

// texts is the closed list. It is written once and only read.
var texts = []text{
	{reason(ike.NoAnswer), 2, noAnswer,
		"Check that this network reaches the Internet and lets UDP 500 and 4500 out (try another network), and that the gateway's address in the profile is right."},
	{reason(ike.ProposalRefused), 6, at("%s accepted none of our proposals."),
		"Ask the administrator which algorithms and which Diffie-Hellman group the gateway wants, and name them in the profile under [ike] and [esp] proposals; weak ones also under [security] allow."},
	{reason(ike.GroupRefused), 6, at("%s refused the group: it does not know the name, or the key is wrong."),
		"Check group.name, group.id_type and group.key in the profile against what the administrator gave you."},
	{reason(ike.GroupKeyWrong), 6, at("%s answered, but it did not prove that it knows the group key."),
		"Check group.name and group.key in the profile; if both are right, somebody else may be answering for the gateway: do not type your password."},
	{reason(ike.PeerIdentity), 6, at("%s knows the group key, but it says that it is somebody else than the profile expects."),
		"Compare ike.peer_id in the profile with the gateway's identity; if the profile is right, do not connect and tell the administrator."},
	{reason(ike.XAUTHRefused), 8, xauthRefused,
		"Type it again; it was not retried, so that the account is not locked."},
	{reason(ike.XAUTHTimeout), 8, said("Nobody answered the question for user name, password or code in time."),
		"Connect again and answer within two minutes."},
	{reason(ike.XAUTHTooMany), 8, at("%s asked for the same thing more than three times."),
		"Check your user name and password with the administrator; the account may be locked or the code out of step."},
	{reason(ike.NoAddress), 7, at("%s gave this computer no usable address."),
		"Tell the administrator: the address pool of the group may be empty or exhausted."},
	{reason(ike.ConfigTimeout), 7, at("%s let us in, but it did not answer the request for an address (Mode Config)."),
		"Try again; if it stays so, tell the administrator that the group has no client configuration, or that the path loses large packets."},
	{reason(ike.SATimeout), 7, at("%s gave us an address, but it did not answer the negotiation of the tunnel (Quick Mode)."),
		"Try again; if it stays so, tell the administrator to look at the IPsec policy of the group."},
	{reason(ike.SARefused), 7, at("%s refused the tunnel that we proposed (Quick Mode)."),
		"Ask the administrator for the IPsec algorithms, PFS group and networks of the group, and set [esp] proposals, pfs or per_network in the profile."},
	{reason(ike.PeerDeleted), 5, at("%s ended the connection."),
		"Connect again; if it ends again, ask the administrator whether the session was cut by an idle or session limit, or by a second login."},
	{reason(ike.PeerDead), 4, at("%s stopped answering while the tunnel was up."),
		"Check that the network is still there; the next peer is tried, or connect again."},
	{reason(ike.Expired), 5, at("The security association with %s reached the end of its life and was not renewed."),
		"Connect again; if it happens each time, compare ike.lifetime with the gateway's."},
	{reason(ike.Internal), 9, said("Something went wrong inside ezvpn itself."),
		"Connect again; if it happens again, please report it with the output of ezvpn status --json."},
	{NameUnknown, 1, func(e Evidence) string { return "The gateway's name" + named(e.Peer) + " has no IPv4 address." },
		"Check the spelling under peers in the profile, and that this network has a working name server."},
	{NoNetwork, 1, at("There is no network path from this computer to %s."),
		"Connect this computer to a network; if ike.local_port is set, see that no other IKE program holds that port."},
	{Permission, 9, said("The ezvpn service may not change this computer's network."),
		"Run ezvpnd as the system service (root on Linux), with the rights that its unit file gives it."},
	{ProfileError, 9, said("The profile cannot be used."),
		"Run ezvpn profile check on the file; it names the line, the key and what is allowed."},
	{DeviceFailed, 9, said("The tunnel's network device could not be opened."),
		"On Linux see that /dev/net/tun exists (modprobe tun) and that no other program holds the device."},
	{HostFailed, 9, said("The tunnel's address, routes or name servers could not be set on this computer."),
		"See the detail; other VPN or network programs may hold the same settings: stop them and connect again."},
	{RevertFailed, 9, said("The tunnel is down, but not all routes or name servers of this computer could be put back."),
		"Restart the ezvpn service: it undoes what is left when it starts."},
	{RedirectLoop, 6, at("%s sent us on to other gateways more often than is allowed."),
		"Tell the administrator to check the load balancing of the gateways."},
	{Cancelled, 8, said("You cancelled the connection."),
		"Connect again when you want to."},
}

func noAnswer(e Evidence) string {
	_, port := e.endpoint()
	if e.Sent == 0 {
		return capital(fmt.Sprintf("%s did not answer on UDP %s.", e.where(), port))
	}
	if e.Sent == 1 {
		return capital(fmt.Sprintf("%s did not answer the IKE message on UDP %s.", e.where(), port))
	}
	return capital(fmt.Sprintf("%s did not answer any of %d IKE messages on UDP %s.", e.where(), e.Sent, port))
}

func xauthRefused(e Evidence) string {
	if e.User == "" {
		return "The gateway refused the user name, password or code."
	}
	return "The gateway refused the user name, password or code for " + e.User + "."
}

func named(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

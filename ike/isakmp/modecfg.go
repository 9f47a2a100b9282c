package isakmp

// Message types of the Attribute payload (Mode Config draft §3.2).
const (
	ConfigRequest = 1
	ConfigReply   = 2
	ConfigSet     = 3
	ConfigAck     = 4
)

// Mode Config attributes.
const (
	ConfigIPv4Address         = 1
	ConfigIPv4Netmask         = 2
	ConfigIPv4DNS             = 3
	ConfigIPv4NBNS            = 4
	ConfigAddressExpiry       = 5 // seconds
	ConfigIPv4DHCP            = 6
	ConfigAppVersion          = 7
	ConfigIPv6Address         = 8
	ConfigIPv6Netmask         = 9
	ConfigIPv6DNS             = 10
	ConfigIPv6NBNS            = 11
	ConfigIPv6DHCP            = 12
	ConfigIPv4Subnet          = 13
	ConfigSupportedAttributes = 14
	ConfigIPv6Subnet          = 15
)

// XAUTH attributes (XAUTH draft §7).
const (
	XAUTHType      = 16520
	XAUTHUserName  = 16521
	XAUTHPassword  = 16522
	XAUTHPasscode  = 16523
	XAUTHMessage   = 16524
	XAUTHChallenge = 16525
	XAUTHDomain    = 16526
	XAUTHStatus    = 16527
	XAUTHNextPIN   = 16528
	XAUTHAnswer    = 16529
)

// Values of XAUTHType and XAUTHStatus.
const (
	XAUTHGeneric    = 0
	XAUTHRADIUSCHAP = 1
	XAUTHOTP        = 2
	XAUTHSKey       = 3

	XAUTHFail = 0
	XAUTHOK   = 1
)

// Unity attributes.
const (
	UnityBanner        = 28672
	UnitySavePassword  = 28673
	UnityDefaultDomain = 28674
	UnitySplitDNS      = 28675
	UnitySplitInclude  = 28676
	UnityNATTPort      = 28677 // Cisco IPsec over UDP
	UnityLocalLAN      = 28678 // networks that stay outside the tunnel
	UnityPFS           = 28679
	UnityFirewallType  = 28680
	UnityBackupServers = 28681
	UnityDDNSHostname  = 28682
)

var configKindNames = map[uint8]string{
	ConfigRequest: "REQUEST", ConfigReply: "REPLY", ConfigSet: "SET", ConfigAck: "ACK",
}

// ConfigKindName is the name of a Transaction message type.
func ConfigKindName(kind uint8) string { return named(configKindNames, kind, "CFG-") }

var configNames = map[uint16]string{
	ConfigIPv4Address: "INTERNAL_IP4_ADDRESS", ConfigIPv4Netmask: "INTERNAL_IP4_NETMASK",
	ConfigIPv4DNS: "INTERNAL_IP4_DNS", ConfigIPv4NBNS: "INTERNAL_IP4_NBNS",
	ConfigAddressExpiry: "INTERNAL_ADDRESS_EXPIRY", ConfigIPv4DHCP: "INTERNAL_IP4_DHCP",
	ConfigAppVersion: "APPLICATION_VERSION", ConfigIPv6Address: "INTERNAL_IP6_ADDRESS",
	ConfigIPv6Netmask: "INTERNAL_IP6_NETMASK", ConfigIPv6DNS: "INTERNAL_IP6_DNS",
	ConfigIPv6NBNS: "INTERNAL_IP6_NBNS", ConfigIPv6DHCP: "INTERNAL_IP6_DHCP",
	ConfigIPv4Subnet: "INTERNAL_IP4_SUBNET", ConfigSupportedAttributes: "SUPPORTED_ATTRIBUTES",
	ConfigIPv6Subnet: "INTERNAL_IP6_SUBNET",
	XAUTHType:        "XAUTH-TYPE", XAUTHUserName: "XAUTH-USER-NAME", XAUTHPassword: "XAUTH-USER-PASSWORD",
	XAUTHPasscode: "XAUTH-PASSCODE", XAUTHMessage: "XAUTH-MESSAGE", XAUTHChallenge: "XAUTH-CHALLENGE",
	XAUTHDomain: "XAUTH-DOMAIN", XAUTHStatus: "XAUTH-STATUS", XAUTHNextPIN: "XAUTH-NEXT-PIN",
	XAUTHAnswer: "XAUTH-ANSWER",
	UnityBanner: "UNITY_BANNER", UnitySavePassword: "UNITY_SAVE_PASSWD", UnityDefaultDomain: "UNITY_DEF_DOMAIN",
	UnitySplitDNS: "UNITY_SPLITDNS_NAME", UnitySplitInclude: "UNITY_SPLIT_INCLUDE", UnityNATTPort: "UNITY_NATT_PORT",
	UnityLocalLAN: "UNITY_LOCAL_LAN", UnityPFS: "UNITY_PFS", UnityFirewallType: "UNITY_FW_TYPE",
	UnityBackupServers: "UNITY_BACKUP_SERVERS", UnityDDNSHostname: "UNITY_DDNS_HOSTNAME",
}

// ConfigName is the name of a Mode Config, XAUTH or Unity attribute.
func ConfigName(kind uint16) string { return named(configNames, kind, "attribute ") }

// String names the message and its attributes, never their values.
func (p Config) String() string {
	s := ConfigKindName(p.Kind)
	for _, a := range p.Attributes {
		s += " " + ConfigName(a.Type)
	}
	return s
}

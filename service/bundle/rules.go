package bundle

import "ezvpn/client/redact"

// What is in the documents of a bundle. A text without a rule becomes a token, so that a key which is new to the product
// leaks nothing until somebody has thought about it.

var findingRules = redact.Rules{
	"worst": redact.Keep, "findings.id": redact.Keep, "findings.level": redact.Keep, "findings.about": redact.As(redact.Peer),
	"findings.sentence": redact.Read, "findings.evidence": redact.Read, "findings.next": redact.Read,
}

var statusRules = redact.Rules{
	"time": redact.Keep, "state": redact.Keep, "since": redact.Keep, "profile": redact.As(redact.Profile), "owner": redact.As(redact.User),
	"diagnosis.cause": redact.Keep, "diagnosis.by": redact.Keep, "diagnosis.time": redact.Keep, "diagnosis.peer": redact.As(redact.Peer),
	"diagnosis.*": redact.Read,
	"prompt.id":   redact.Keep, "prompt.peer": redact.As(redact.Peer), "prompt.expires": redact.Keep, "prompt.message": redact.Drop,
	"prompt.fields.name": redact.Keep, "prompt.fields.label": redact.Drop, "prompt.fields.text": redact.Drop,
	"banner":     redact.Drop,
	"peers.name": redact.As(redact.Peer), "peers.address": redact.Address, "peers.reason": redact.Read, "peers.*": redact.Keep,
	"network.interface": redact.Keep, "network.address": redact.Address, "network.include": redact.Address, "network.exclude": redact.Address,
	"network.dns": redact.Address, "network.dns_mode": redact.Keep, "network.dns_by": redact.Keep, "network.domain": redact.As(redact.Domain),
	"network.split_dns": redact.As(redact.Domain), "network.backup_servers": redact.As(redact.Peer), "network.gateway_version": redact.Read,
	"isakmp_sa.cookies": redact.As(redact.ID), "isakmp_sa.local": redact.Address, "isakmp_sa.remote": redact.Address,
	"isakmp_sa.peer_id": redact.As(redact.Host), "isakmp_sa.*": redact.Keep,
	"ipsec_sas.local": redact.Address, "ipsec_sas.remote": redact.Address, "ipsec_sas.*": redact.Keep,
	"dpd.*": redact.Keep, "traffic.*": redact.Keep, "totals.*": redact.Keep, "security.*": redact.Keep, "warnings": redact.Read,
	"events.time": redact.Keep, "events.kind": redact.Keep, "events.text": redact.Read,
}

// profileRules are for documents in which the value of a key stands under the key.
var profileRules = kept(redact.Rules{
	"name": redact.As(redact.Profile), "errors": redact.Read, "notices": redact.Read, "using": redact.Keep,
	"origins.*": redact.Keep, "managed": redact.As(redact.Other), "locked": redact.Keep,
	"keys.name": redact.As(redact.Profile), "keys.peers": redact.Address, "keys.group.name": redact.As(redact.Group),
	"keys.group.key": redact.Drop, "keys.group.key_file": redact.Drop, "keys.xauth.username": redact.As(redact.User), "keys.xauth.password": redact.Drop,
	"keys.xauth.domain": redact.As(redact.Domain), "keys.ike.peer_id": redact.As(redact.Host), "keys.ike.app_version": redact.Read,
	"keys.inside.networks": redact.Address, "keys.routes.exclude": redact.Address, "keys.managed.by": redact.As(redact.Other),
})

// closed are the keys of a profile whose values are numbers, truths, or of a list that is known.
var closed = []string{"connect", "idle_timeout", "mode", "preset", "accept_backup_servers", "group.id_type", "xauth.save", "dpd.interval", "dpd.retry",
	"dpd.mode", "ike.proposals", "ike.exchange", "ike.lifetime", "ike.fragmentation", "ike.local_port", "esp.proposals", "esp.pfs", "esp.lifetime",
	"esp.per_network", "inside.interfaces", "nat.mode", "nat.keepalive", "routes.local_lan", "routes.metric", "dns.mode", "primary.return",
	"primary.hold", "security.allow", "security.kill_switch", "managed.locked"}

func kept(rules redact.Rules) redact.Rules {
	for _, key := range closed {
		rules["keys."+key] = redact.Keep
	}
	return rules
}

var hostRules = redact.Rules{
	"system": redact.Keep, "release": redact.Keep, "kernel": redact.Keep, "service.*": redact.Keep,
	"links.name": redact.Keep, "links.networks": redact.Address, "links.mac": redact.As(redact.MAC), "servers": redact.Address,
}

package importer

import "strings"

func isMobileconfig(text string) bool {
	t := strings.TrimSpace(text)
	return strings.HasPrefix(t, "<?xml") || strings.HasPrefix(t, "<plist") || strings.HasPrefix(t, "<!DOCTYPE plist")
}

func readMobileconfig(f *file) ([]*draft, error) {
	root, err := parsePlist(f.text)
	if err != nil {
		return nil, err
	}
	top, ok := root.v.(dict)
	if !ok {
		return nil, errNoDict
	}
	content, _ := top.get("PayloadContent")
	payloads, _ := content.node.v.([]node)
	var all []*draft
	for _, n := range payloads {
		p, _ := n.v.(dict)
		if p.text("PayloadType") == "com.apple.vpn.managed" && p.text("VPNType") == "IPSec" {
			all = append(all, applePayload(f, top, p))
		}
	}
	return all, nil
}

func applePayload(f *file, top, payload dict) *draft {
	d := f.draft()
	d.label = payload.text("UserDefinedName")
	if d.label == "" {
		d.label = payload.text("PayloadDisplayName")
	}
	for _, m := range payload {
		switch {
		case m.key == "IPSec":
			sub, _ := m.node.v.(dict)
			for _, e := range sub {
				takeApple(d, e)
			}
		case m.key == "VPNType", m.key == "UserDefinedName", strings.HasPrefix(m.key, "Payload"):
		default:
			d.drop(at{m.line, m.key}, "has no counterpart")
		}
	}
	if m, ok := top.get("PayloadRemovalDisallowed"); ok && m.node.v == true {
		d.lock(at{m.line, m.key}, "peers")
		d.locked = append(d.locked, "group")
	}
	return d
}

func takeApple(d *draft, m member) {
	p := at{m.line, m.key}
	v, _ := m.node.v.(string)
	on, _ := m.node.v.(bool)
	switch m.key {
	case "RemoteAddress":
		d.peers(p, v)
	case "LocalIdentifier":
		if strings.HasSuffix(v, "[hybrid]") {
			d.note(p, Missing, "group.key", "hybrid authentication needs certificates, which do not exist in this version; ask for a group with a key")
			return
		}
		d.set(p, "group.name", v)
	case "LocalIdentifierType":
		d.identity(p, map[string]string{"KeyID": "key-id"}[v])
	case "SharedSecret":
		b, ok := m.node.v.([]byte)
		if !ok {
			b = []byte(v)
		}
		if s, err := decode(b); err == nil {
			d.secret(p, "group.key", s)
		} else {
			d.note(p, Dropped, "group.key", "is not text")
		}
	case "AuthenticationMethod":
		if v == "SharedSecret" {
			d.note(p, Mapped, "", "a group key, which is the only way that a profile knows")
		} else {
			d.note(p, Missing, "group.key", "the gateway wants certificates, which do not exist in this version; ask for a group with a key")
		}
	case "XAuthName":
		d.set(p, "xauth.username", v)
	case "XAuthPassword":
		d.secret(p, "xauth.password", v)
	case "XAuthEnabled":
		d.note(p, Mapped, "", "the gateway decides")
	case "XAuthPasswordEncryption":
		d.note(p, Mapped, "xauth.password", "is asked for")
	case "OnDemandEnabled":
		if n, _ := m.node.v.(string); n == "1" || on {
			d.set(p, "connect", "traffic")
		}
	case "DisconnectOnIdleTimer":
		d.number(p, "idle_timeout", v)
	default:
		d.drop(p, "has no counterpart")
	}
}

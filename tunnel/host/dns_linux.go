package host

import "os"

// linuxDNS shows this machine to chooseDNS.
func linuxDNS() dnsEnv {
	return dnsEnv{readFile: os.ReadFile, readlink: os.Readlink, onBus: busHas, resolvconf: findResolvconf}
}

func carriers(by string) carrier {
	switch by {
	case byResolved:
		return resolved{dial: systemBus, index: linkIndex}.carrier()
	case byResolvconf:
		return resolvconf{find: findResolvconf}.carrier()
	case byFile:
		return resolvFile{resolvConfPath}.carrier()
	}
	return carrier{}
}

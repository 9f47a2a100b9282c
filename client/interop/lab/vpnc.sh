# vpnc.sh - another client, which shows that the network itself is in order (sourced by ezt)

vpnc_files() {
	local host=$1
	cat >"$run/$host/vpnc.conf" <<-END
		IPSec gateway $internet.101
		IPSec ID ezgroup
		IPSec secret group-secret
		Xauth username alice
		Xauth password alice-pw
		NAT Traversal Mode force-natt
		Pidfile /run/vpnc.pid
		Local Port 0
	END
}

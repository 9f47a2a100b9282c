# network.sh - the network (sourced by ezt)
#
#   client 192.168.77.2 -- .1 nat 198.51.100.2 --+              +-- gwN 198.51.100.10N | 10.20.0.1, 10.20.N.1 -- inN
#   roamer 192.168.78.2 -- .1 nat2           .3 -+-- internet --+   N = 1 to 7
#   direct and others 198.51.100.51 ... ---------+    .1, 203.0.113.80
#   branch 10.50.1.10, 10.60.1.10 -- .1 router --+

up() {
	down
	mkdir -p "$run"
	build_tools
	mk_internet
	local n
	for n in $gateways; do mk_gateway "$n" && mk_inside "$n"; done
	mk_nat nat 2 77 client
	mk_nat nat2 3 78 roamer
	for n in $hosts; do mk_direct "${n%:*}" "${n#*:}"; done
	mk_branch
	for n in $gateways; do start_charon "$n"; done
	wait_for_servers
	say "up"
}

down() {
	local name
	stop_all
	for name in $(ip netns list | awk '/^ezt-/ {print $1}'); do ip netns delete "$name"; done
	rm -rf "$run"
}

build_tools() {
	[ -x "$tools/blob" ] && [ -x "$tools/vicipool" ] && return
	mkdir -p "$tools"
	(cd "$here" && go build -buildvcs=false -o "$tools/" ../blob ../vicipool) || die "the helper programs do not build"
}

sysctl_in() { ns "$1" sh -c 'echo "$1" >"/proc/sys/net/$0"' "$2" "$3"; }

# mk_host HOST: a namespace and its directories.
mk_host() {
	host_dirs "$1"
	ip netns add "ezt-$1" || die "no network namespace: are you root in a container without that right?"
	ns "$1" ip link set lo up
	sysctl_in "$1" ipv4/conf/all/rp_filter 0
	sysctl_in "$1" ipv4/conf/default/rp_filter 0
	# No duplicate address detection: addresses are there at once, and stay as they are.
	sysctl_in "$1" ipv6/conf/all/accept_dad 0
	sysctl_in "$1" ipv6/conf/default/accept_dad 0
}

# wire A IFA B IFB: a cable between two hosts, both ends up.
wire() {
	ip link add "$2" netns "ezt-$1" type veth peer name "$4" netns "ezt-$3" || die "no veth between $1 and $3"
	ns "$1" ip link set "$2" up
	ns "$3" ip link set "$4" up
}

# plug HOST IF: a cable into the internet's bridge.
plug() {
	wire inet "p-$1" "$1" "$2"
	ns inet ip link set "p-$1" master br0
}

# address HOST IF ADDRESS...
address() {
	local host=$1 link=$2 a
	shift 2
	for a in "$@"; do ns "$host" ip addr add "$a" dev "$link"; done
}

default_route() { ns "$1" ip route add default via "$2"; }

mk_internet() {
	mk_host inet
	ns inet ip link add br0 type bridge
	ns inet ip link set br0 up
	address inet br0 $internet.1/24
	address inet lo 203.0.113.80/32
	fault_table
	background inet blob "$tools/blob" serve 203.0.113.80 internet
}

mk_gateway() {
	local n=$1
	mk_host "gw$n"
	plug "gw$n" wan
	address "gw$n" wan $internet.10"$n"/24
	default_route "gw$n" $internet.1
	sysctl_in "gw$n" ipv4/ip_forward 1
	ns "gw$n" nft -f - <<-END
		table ip nat {
			chain post {
				type nat hook postrouting priority 100;
				ip saddr $pool.$n.0/24 oifname wan masquerade
			}
		}
	END
}

# mk_inside N: the host behind gateway N. It is a web server, the server of test data and the name server.
mk_inside() {
	local n=$1
	mk_host "in$n"
	wire "gw$n" lan "in$n" lan
	address "gw$n" lan $inside.0.1/24 "$inside.$n.1/24"
	address "in$n" lan $inside.0.10/24 "$inside.$n.10/24" $inside.0.53/24
	default_route "in$n" $inside.0.1
	background "in$n" blob "$tools/blob" serve 0.0.0.0 "gw$n"
	background "in$n" dns dnsmasq -k -C /dev/null -h -R -u root --listen-address=$inside.0.53 --bind-interfaces \
		--address=/corp.example/$inside.0.10 --address=/gw.corp.example/"$inside.$n.10"
}

# mk_nat NAT LAST LAN CLIENT: a NAT with an address of the internet, and one client behind it.
mk_nat() {
	mk_host "$1"
	plug "$1" wan
	address "$1" wan $internet."$2"/24
	default_route "$1" $internet.1
	sysctl_in "$1" ipv4/ip_forward 1
	masquerade "$1" 20000-29999
	mk_host "$4"
	wire "$1" lan "$4" eth0
	address "$1" lan $nat_lan."$3.1/24"
	address "$4" eth0 $nat_lan."$3.2/24"
	default_route "$4" $nat_lan."$3.1"
	vpnc_files "$4"
}

masquerade() {
	ns "$1" nft -f - <<-END
		table ip nat
		delete table ip nat
		table ip nat {
			chain post {
				type nat hook postrouting priority 100;
				oifname wan meta l4proto { tcp, udp } masquerade to :$2 fully-random
				oifname wan masquerade
			}
		}
	END
}

# mk_direct HOST LAST: a client without a NAT.
mk_direct() {
	mk_host "$1"
	plug "$1" eth0
	address "$1" eth0 $internet."$2"/24
	default_route "$1" $internet.1
	vpnc_files "$1"
}

# mk_branch: a host with a server of test data behind the host router, in each of its networks.
mk_branch() {
	local net
	mk_host branch
	wire router lan branch lan
	for net in $branch; do
		address router lan "$net.1/24"
		address branch lan "$net.10/24"
	done
	default_route branch "${branch%% *}.1"
	background branch blob "$tools/blob" serve 0.0.0.0 branch
}

wait_for_servers() {
	local n i
	for n in $gateways; do
		for i in $(seq 100); do
			"$tools/blob" ready "$run/in$n/blob.out" && break
			sleep 0.05
		done
	done
}

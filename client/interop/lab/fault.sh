# fault.sh - what can go wrong on the way (sourced by ezt)

fault_table() {
	local h
	ns inet nft -f - <<-END
		table bridge fault {
			set dead { type ipv4_addr; }
			set badport { type inet_service; }
			set between { type ipv4_addr; flags interval; elements = { $inside.0.0/16, ${branch// /.0/24, }.0/24 }; }
			counter fragments { }
			$(for h in $(ports); do echo "counter clear-$h { }"; done)
			chain arrive {
				type filter hook prerouting priority -300;
				$(for h in $(ports); do echo "iifname p-$h ip daddr @between counter name clear-$h"; done)
			}
			$(for h in $(ports); do echo "chain loss-$h { }"; done)
			chain forward {
				type filter hook forward priority 0;
				ip frag-off & 0x3fff != 0 counter name fragments
				ip saddr @dead drop
				ip daddr @dead drop
				udp dport @badport drop
				udp sport @badport drop
				$(for h in $(ports); do echo "iifname p-$h jump loss-$h
				oifname p-$h jump loss-$h"; done)
			}
		}
	END
}

# ports are the clients as the internet sees them; port HOST is that of a client.
ports() {
	local h
	echo nat nat2
	for h in $hosts; do echo "${h%:*}"; done
}

port() {
	case $1 in
	client) echo nat ;;
	roamer) echo nat2 ;;
	*) echo "$1" ;;
	esac
}

# dead add|delete N: gateway N vanishes without a word, or comes back.
dead() { ns inet nft "$1" element bridge fault dead "{ $internet.10$2 }"; }

# fail KIND N: the ways in which gateway N can die.
fail() {
	case $1 in
	silent) dead add "$2" ;;
	crash) end_charon "$2" KILL ;;
	cable) ns inet ip link set "p-gw$2" down ;;
	stop) end_charon "$2" TERM ;;
	*) die "no way to die: $1" ;;
	esac
}

heal_gateway() {
	dead delete "$1" 2>/dev/null
	ns inet ip link set "p-gw$1" up
	charon_runs "$1" || start_charon "$1"
}

block_udp() { ns inet nft add element bridge fault badport "{ $1 }"; }

# loss HOST PERCENT: so many of its packets vanish on the internet, each way.
loss() {
	local p
	p=$(port "$1")
	ns inet nft flush chain bridge fault "loss-$p"
	[ "$2" = 0 ] || ns inet nft add rule bridge fault "loss-$p" numgen random mod 100 '<' "$2" drop
}

# rebind HOST: as when the NAT was restarted. What it takes next is never what it had.
rebind() {
	local nat range=30000-39999
	nat=$(port "$1")
	ns "$nat" nft list table ip nat | grep -q 30000-39999 && range=20000-29999
	masquerade "$nat" $range
	ns "$nat" conntrack -F >/dev/null 2>&1 || die "no conntrack at $nat"
}

# link HOST down|up: the address stays; the default route goes with the link, and who brings that up sets it again.
link() {
	local gate=$internet.1
	case $1 in
	client) gate=$nat_lan.77.1 ;;
	roamer) gate=$nat_lan.78.1 ;;
	esac
	ns "$1" ip link set eth0 "$2"
	[ "$2" = down ] || default_route "$1" "$gate"
}

# move HOST N: another address on the same link.
move() {
	ns "$1" ip addr flush dev eth0 scope global
	address "$1" eth0 "$internet.$2/24"
	default_route "$1" $internet.1
}

clear_faults() {
	local h n
	ns inet nft flush set bridge fault badport
	ns inet nft flush set bridge fault dead
	for h in $(ports); do ns inet nft flush chain bridge fault "loss-$h"; done
	for n in $gateways; do heal_gateway "$n"; done
}

# fragments: how many IP fragments were on the way to and from the gateways.
fragments() { counted fragments; }

# leaked HOST: packets from HOST for inside networks that came to the internet as they are.
leaked() { counted "clear-$(port "$1")"; }

counted() { ns inet nft list counter bridge fault "$1" | awk '/packets/ {print $2}'; }

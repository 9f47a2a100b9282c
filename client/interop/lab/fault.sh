# fault.sh - what can go wrong on the way (sourced by ezt)

fault_table() {
	ns inet nft -f - <<-END
		table bridge fault {
			set dead { type ipv4_addr; }
			set badport { type inet_service; }
			counter fragments { }
			chain forward {
				type filter hook forward priority 0;
				ip frag-off & 0x3fff != 0 counter name fragments
				ip saddr @dead drop
				ip daddr @dead drop
				udp dport @badport drop
				udp sport @badport drop
			}
		}
	END
}

# dead add|delete N: gateway N vanishes without a word, or comes back.
dead() { ns inet nft "$1" element bridge fault dead "{ $internet.10$2 }"; }

block_udp() { ns inet nft add element bridge fault badport "{ $1 }"; }

clear_faults() {
	ns inet nft flush set bridge fault badport
	ns inet nft flush set bridge fault dead
}

# fragments: how many IP fragments were on the way to and from the gateways.
fragments() { ns inet nft list counter bridge fault fragments | awk '/packets/ {print $2}'; }

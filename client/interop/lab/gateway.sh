# gateway.sh - strongSwan as an Easy VPN gateway (sourced by ezt)

# Plugins are named one by one: kernel-libipsec, which does ESP in user space, must come before kernel-netlink.
plugins="random nonce aesni openssl gcm hmac kdf pem pkcs1 pkcs8 x509 pubkey constraints attr"
plugins="$plugins kernel-libipsec kernel-netlink socket-default vici updown xauth-generic unity"

ike="aes256-sha256-modp2048, aes128-sha256-modp2048, aes256-sha1-modp2048, aes256-sha1-modp1536"
ike="$ike, aes256-sha1-modp1024, aes128-sha1-modp1024"
esp="aes128gcm16, aes256gcm16, aes128-sha1, aes256-sha1, aes256-sha256, aes128-sha256"
esp_pfs="aes128gcm16-modp2048, aes256-sha256-modp2048, aes128-sha1-modp2048, aes128-sha1-modp1024"

start_charon() {
	local n=$1 d=$run/gw$1 i
	charon_conf "$n" >"$d/strongswan.conf"
	swanctl_conf "$n" >"$d/swanctl.conf"
	background "gw$n" charon env STRONGSWAN_CONF="$d/strongswan.conf" /usr/lib/ipsec/charon
	for i in $(seq 200); do
		[ -S "$d/charon.vici" ] && break
		sleep 0.05
	done
	swan "$n" --load-all --file "$d/swanctl.conf" >"$d/load.out" 2>&1 || {
		cat "$d/load.out" "$d/charon.out" >&2
		die "gateway $n does not take its configuration"
	}
	load_pool "$n" >>"$d/load.out" 2>&1 || { tail -3 "$d/load.out" >&2; die "gateway $n has no addresses to give"; }
}

# charon_runs N: a process with its number, in its namespace.
charon_runs() {
	[ -s "$run/gw$1/charon.pid" ] && ip netns pids "ezt-gw$1" | grep -qxf "$run/gw$1/charon.pid"
}

# end_charon N SIGNAL: returns when it is gone.
end_charon() {
	local pid i
	charon_runs "$1" || return 0
	pid=$(cat "$run/gw$1/charon.pid")
	kill "-$2" "$pid"
	for i in $(seq 200); do
		charon_runs "$1" || break
		sleep 0.05
	done
	rm -f "$run/gw$1/charon.pid" "$run/gw$1/charon.vici" "$run/gw$1/run/charon.pid"
}

swan() {
	local n=$1
	shift
	SWANCTL_DIR=$run/gw$n timeout -k 2 20 swanctl "$@" --uri "unix://$run/gw$n/charon.vici"
}

# load_pool gives the addresses and what Mode Config tells with them, by attribute number: 28672 banner, 28673 save
# password, 28674 domain, 28675 split DNS, 28681 backup servers, 7 version. hex: is for what is not text.
load_pool() {
	local n=$1 backup=
	case $n in
	[12]) backup=28681=hex:c6336466c6336467 ;;
	[4-6]) backup=28681=hex:c6336469c633646a ;;
	esac
	"$tools/vicipool" "$run/gw$n/charon.vici" ez "$pool.$n.2-$pool.$n.250" \
		dns=$inside.0.53 dns=$inside.0.54 nbns=$inside.0.55 netmask=255.255.255.0 \
		"28672=Welcome to gateway $n. Authorised use only." 28673=hex:0001 28674=corp.example \
		28675=corp.example,lab.example "7=EzLab gateway $n" $backup
}

charon_conf() {
	local d=$run/gw$1
	cat <<END
charon {
  load = $plugins
  i_dont_care_about_security_and_use_aggressive_mode_psk = yes
  cisco_unity = yes
  fragment_size = 1280
  filelog {
    log {
      path = $d/charon.log
      time_format = %H:%M:%S
      time_add_ms = yes
      flush_line = yes
      default = 1
      ike = 2
      cfg = 1
    }
  }
  plugins {
    vici { socket = unix://$d/charon.vici }
  }
}
END
}

# dpd_timeout: the gateway takes a client for dead whose answers to two of its questions are lost, a minute apart, whatever
# else it hears of it. That is not what the tests are about.
swanctl_conf() {
	local n=$1 nets="local_ts = $inside.0.0/16"
	cat <<END
ezbase {
  version = 1
  aggressive = yes
  local_addrs = $internet.10$n
  proposals = $ike
  encap = yes
  fragmentation = yes
  dpd_delay = 20s
  dpd_timeout = 10m
  unique = replace
  rekey_time = 24h
}
ezchild {
  esp_proposals = $esp
  rekey_time = 8h
  dpd_action = clear
}
connections {
$(group ezgroup keyid:ezgroup "" "$nets")
$(group eztwo keyid:eztwo "" "local_ts = $inside.0.0/24, $inside.$n.0/24")
$(group ezfull keyid:ezfull "" "local_ts = 0.0.0.0/0")
$(group ezfqdn fqdn:group.ez.example "" "$nets")
$(group ezcover keyid:ezcover "" "local_ts = $inside.0.0/16, $internet.0/24")
$(group ezpfs keyid:ezpfs "" "$nets
        esp_proposals = $esp_pfs")
$(group ezrekey keyid:ezrekey "rekey_time = 60s
    over_time = 20s
    dpd_delay = 5s" "$nets
        rekey_time = 25s
        life_time = 40s
        rand_time = 2s")
$(group ezreauth keyid:ezreauth "rekey_time = 0
    reauth_time = 60s
    over_time = 20s" "$nets")
$(group ezbranch keyid:ezbranch "" "$nets
        remote_ts = ${branch// /.0/24, }.0/24" "")
$(group ezbranchplus keyid:ezbranchplus "" "$nets
        remote_ts = ${branch// /.0/24, }.0/24, dynamic")
}
secrets {
  ike-group {
    id-1 = keyid:ezgroup
    id-2 = keyid:eztwo
    id-3 = keyid:ezfull
    id-4 = fqdn:group.ez.example
    id-5 = keyid:ezpfs
    id-6 = keyid:ezrekey
    id-7 = keyid:ezcover
    id-8 = keyid:ezreauth
    id-9 = keyid:ezbranch
    id-10 = keyid:ezbranchplus
    secret = "group-secret"
  }
$(for user in alice bob carol dave erin frank grace heidi ivan judy; do echo "  xauth-$user {
    id = $user
    secret = \"$user-pw\"
  }"; done)
}
END
}

# group NAME ID IKE CHILD [POOL]: a connection for those who name themselves ID. A gateway keeps one client a user, so
# that those who share one need users of their own. Without a pool, nobody gets an address.
group() {
	local pool=${5-ez}
	cat <<END
  $1 : ezbase {
    ${pool:+pools = $pool}
    $3
    local { auth = psk }
    remote {
      auth = psk
      id = $2
    }
    remote-x { auth = xauth }
    children {
      $1 : ezchild {
        $4
      }
    }
  }
END
}

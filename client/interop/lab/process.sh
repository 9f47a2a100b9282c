# process.sh - running programs in the namespaces, and ending them (sourced by ezt)

# ns HOST CMD...: CMD in the network namespace of HOST, and nothing else of it.
ns() { ip netns exec "ezt-$1" "${@:2}"; }

# inside HOST CMD...: replaces this shell by CMD, with the host's own /run and /etc. Several programs on one host see
# the same two directories, so that what one does to resolv.conf is there for the others.
inside() {
	local host=$1
	shift
	exec ip netns exec "ezt-$host" unshare -m --propagation private sh -c '
		mount --bind "$0/run" /run && mount --bind "$0/etc" /etc && exec "$@"' "$run/$host" "$@"
}

# host_dirs HOST: the directories that `inside` shows. resolv.conf is a plain file nobody owns.
host_dirs() {
	local d=$run/$1
	mkdir -p "$d/run" "$d/etc"
	cp -a /etc/. "$d/etc/"
	rm -f "$d/etc/resolv.conf"
	echo "nameserver 192.0.2.53" >"$d/etc/resolv.conf"
}

# background HOST NAME CMD...: CMD goes on running; its process is remembered in HOST/NAME.pid.
background() {
	local host=$1 name=$2
	shift 2
	setsid bash -c 'echo $$ >"$1"; shift; exec "$@"' _ "$run/$host/$name.pid" "$here/ezt" in "$host" "$@" \
		</dev/null >"$run/$host/$name.out" 2>&1 &
	disown
}

# stop_all ends what still runs in the namespaces, and nothing else: the number in a .pid file may be another process's
# by now.
stop_all() {
	local pid name
	rm -f "$run"/*/*.pid
	for name in $(ip netns list | awk '/^ezt-/ {print $1}'); do
		for pid in $(ip netns pids "$name"); do kill -9 "$pid" 2>/dev/null; done
	done
	return 0
}

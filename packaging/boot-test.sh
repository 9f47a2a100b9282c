#!/bin/bash
# boot-test.sh - installs the service in a Debian that boots under a real systemd, in the interop lab's network, and
# holds it to what a branch box needs: it is up after a boot, after SIGKILL, after a hang, and leaves nothing behind.
# Run as root, by `make boot-test`; it takes a minute, and one more for the tree the first time.
#
# BUILD is where ezvpnd, ezvpn, the lab's programs and the cached tree are.
set -u
here=$(dirname "$(readlink -f "$0")")
build=$(readlink -f "${BUILD:-$here/../build}")
tree=$build/boot-tree
work=$(mktemp -d "${TMPDIR:-/tmp}/ezvpn-boot.XXXXXX")
lab=$here/../client/interop/lab/ezt
export EZT=$work/ezt EZT_TOOLS=$build/interop
inside=10.20.0.10
passed=0 failed=0 nspawn=

say() { printf '%s\n' "$*"; }
pass() { passed=$((passed + 1)); say "ok    $*"; }
fail() { failed=$((failed + 1)); say "FAIL  $*"; }
check() { local what=$1; shift; if "$@" >"$work/out" 2>&1; then pass "$what"; else fail "$what"; sed 's/^/      /' "$work/out"; fi; }
now() { date +%s%3N; }

# until_true SECONDS CMD...: prints the milliseconds that it took.
until_true() {
	local began limit
	began=$(now)
	limit=$((began + $1 * 1000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now)" -lt $limit ] || return 1
		sleep 0.05
	done
	echo $(($(now) - began))
}

# within SECONDS WHAT CMD...
within() {
	local seconds=$1 what=$2 ms
	shift 2
	if ms=$(until_true "$seconds" "$@"); then pass "$what after $ms ms"; else fail "$what: not within $seconds s"; return 1; fi
}

make_tree() {
	[ -e "$tree/.whole" ] && return
	rm -rf "$tree"
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,procps bookworm "$tree" >"$work/debootstrap" ||
		{ tail -5 "$work/debootstrap"; exit 1; }
	touch "$tree/.whole"
}

# boot starts the container on an overlay, so that the cached tree stays as it is. It has the network of the lab's
# host "direct".
boot() {
	mkdir -p "$work/upper" "$work/over" "$work/root"
	mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/over" "$work/root" || exit 1
	mkdir -p "$work/root/root/unpacked" "$work/root/etc/ezvpn/profiles.d"
	cp "$build/ezvpnd" "$build/ezvpn" "$work/root/root/unpacked/"
	chmod 777 "$work/root/root/unpacked" # as a download: not a place for the program of a service
	profile >"$work/root/etc/ezvpn/profiles.d/office.toml"
	chmod 600 "$work/root/etc/ezvpn/profiles.d/office.toml"
	start_box
}

start_box() {
	systemd-nspawn --register=no --keep-unit --quiet --boot -D "$work/root" --network-namespace-path=/run/netns/ezt-direct \
		--bind=/dev/net/tun --capability=CAP_NET_ADMIN --property='DeviceAllow=/dev/net/tun rwm' \
		</dev/null >>"$work/console" 2>&1 &
	nspawn=$!
}

profile() {
	cat <<-END
		name    = "office"
		connect = "auto"
		peers   = ["198.51.100.101"]
		[group]
		name = "ezgroup"
		key  = "group-secret"
		[xauth]
		username = "alice"
		password = "alice-pw"
		save     = true
	END
}

# in_box CMD...: in the container, of which there is a new one after each of its boots.
in_box() {
	local leader
	leader=$(leader)
	[ -n "$leader" ] || return 1
	nsenter -t "$leader" -m -u -i -n -p -r -w -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

leader() { pgrep -P "$nspawn" | head -1; }

# reboot_box: with --keep-unit, nspawn ends with code 133 when the container asks to be booted again.
reboot_box() {
	local code
	in_box systemctl reboot >/dev/null 2>&1
	wait "$nspawn"
	code=$?
	if [ $code = 133 ]; then pass "it went down for a reboot"; else fail "it went down with code $code"; fi
	check "and left the network as it was" gone_machine
	start_box 9>&-
}

booted() { in_box systemctl is-system-running | grep -qE '^(running|degraded)$'; }
active() { [ "$(in_box systemctl is-active ezvpnd)" = active ]; }
main_pid() { in_box systemctl show -P MainPID ezvpnd; }
knows() { in_box getent ahostsv4 gw.corp.example | grep -q '^10.20.1.10 '; }
reaches() { [ "$(ip netns exec ezt-direct timeout 1 "$EZT_TOOLS/blob" whoami $inside)" = gw1 ]; }
# routes leaves out the link-local address of IPv6 that the kernel draws for each new device.
routes() { ip netns exec ezt-direct sh -c 'ip route show table all; ip rule; ip route get 198.51.100.101 | head -1' | sed '/^local fe80::/d; s/ expires [0-9]*sec//; s/ cache//'; }
new_pid() { local p; p=$(main_pid); [ "$p" != "$1" ] && [ "$p" != 0 ]; }
unknown() { ! in_box systemctl cat ezvpnd; }
gone_machine() { [ "$(routes)" = "$before" ]; }

clean() {
	if [ -n "$nspawn" ] && kill -0 "$nspawn" 2>/dev/null; then
		in_box systemctl poweroff >/dev/null 2>&1
		until_true 20 sh -c "! kill -0 $nspawn 2>/dev/null" >/dev/null || kill -KILL "$nspawn"
	fi
	wait 2>/dev/null
	mountpoint -q "$work/root" && umount -l "$work/root"
	"$lab" down >/dev/null 2>&1
	rm -rf "$work"
}

installs() {
	say "== install"
	check "ezvpn service install" in_box /root/unpacked/ezvpn service install
	sed 's/^/      /' "$work/out"
	check "a second time" in_box /root/unpacked/ezvpn service install
	check "the unit is well formed" in_box sh -c '! systemd-analyze verify ezvpnd.service 2>&1 | grep .'
	check "the daemon is not run from where others can write" in_box grep -qx 'ExecStart=/usr/local/sbin/ezvpnd run' /etc/systemd/system/ezvpnd.service
	check "stopped: exit code 3" in_box sh -c 'ezvpn service status; [ $? = 3 ]'
}

comes_up() {
	say "== $1"
	within 60 "booted" booted
	within 20 "the unit is active" active
	within 20 "the tunnel carries traffic" reaches
	check "ezvpn service status" in_box ezvpn service status
	within 5 "names of the inside resolve" knows
	check "the route goes into the tunnel" sh -c "ip netns exec ezt-direct ip route get $inside | grep -q 'dev ezvpn'"
}

survives() {
	local pid began ms
	say "== killed, and hung"
	up=$(routes)
	pid=$(main_pid)
	began=$(now)
	in_box kill -KILL "$pid"
	within 5 "SIGKILL: another process" new_pid "$pid"
	within 5 "SIGKILL: the tunnel carries traffic" reaches
	ms=$(($(now) - began))
	if [ $ms -le 5000 ]; then pass "SIGKILL: all back after $ms ms"; else fail "SIGKILL: back after $ms ms"; fi
	within 5 "SIGKILL: names of the inside resolve" knows
	if [ "$(routes)" = "$up" ]; then pass "SIGKILL: the routes are those of before"; else
		fail "SIGKILL: other routes"
		diff <(echo "$up") <(routes) | sed 's/^/      /'
	fi
	pid=$(main_pid)
	in_box kill -STOP "$pid"
	within 40 "SIGSTOP: the watchdog had it started again" new_pid "$pid"
	within 10 "SIGSTOP: the tunnel carries traffic" reaches
}

holds() {
	local level
	say "== held"
	level=$(in_box systemd-analyze security --no-pager ezvpnd.service | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')
	if awk -v l="${level:-10}" 'BEGIN { exit !(l < 4.0) }'; then pass "systemd-analyze security: exposure $level"; else fail "exposure ${level:-unknown}"; fi
	in_box /usr/local/sbin/ezvpnd run >"$work/out" 2>&1
	local code=$?
	if [ $code = 3 ] && grep -q 'another ezvpnd' "$work/out"; then pass "a second daemon: exit code 3: $(cat "$work/out")"; else
		fail "a second daemon: exit code $code: $(cat "$work/out")"
	fi
	check "the first one did not notice" reaches
	say "      journal lines by priority: $(in_box journalctl -u ezvpnd -o json --output-fields=PRIORITY --no-pager |
		sed 's/.*"PRIORITY":"\([0-7]\)".*/\1/' | sort | uniq -c | awk '{printf "%s: %s  ", $2, $1}')"
	check "notices of sessions have priority 5" in_box sh -c 'journalctl -u ezvpnd -p 5..5 --no-pager | grep -q "%CRYPTO-5-SESSION_STATUS"'
	check "information is not a warning" in_box sh -c '! journalctl -u ezvpnd -p 4 --no-pager | grep -q msg=ready'
	check "the secrets are sealed, and gone from the profile" in_box sh -c '! grep -e alice-pw -e group-secret /etc/ezvpn/profiles.d/office.toml'
	check "no secret in the journal" in_box sh -c '! journalctl --no-pager | grep -e alice-pw -e group-secret'
	check "three things only can be written" in_box sh -c 'nsenter -t $(systemctl show -P MainPID ezvpnd) -m sh -c "touch /var/lib/ezvpn/x /run/ezvpn/x && ! touch /usr/x /root/x /var/log/x /home/x 2>/dev/null; r=\$?; rm -f /var/lib/ezvpn/x /run/ezvpn/x; exit \$r"'
}

# narrows: a drop-in may take /etc away, and give the secrets that are in no file.
narrows() {
	say "== a drop-in"
	in_box mkdir -p /etc/systemd/system/ezvpnd.service.d
	printf 'group-secret' >"$work/root/root/key" && printf 'alice-pw' >"$work/root/root/password"
	printf '[Service]\nReadWritePaths=\nReadOnlyPaths=/etc\nLoadCredential=office.group.key:/root/key\nLoadCredential=office.xauth.password:/root/password\n' \
		>"$work/root/etc/systemd/system/ezvpnd.service.d/local.conf"
	in_box ezvpn service stop
	in_box rm -rf /var/lib/ezvpn
	cat >"$work/root/etc/ezvpn/profiles.d/office.toml" <<-END
		name    = "office"
		connect = "auto"
		peers   = ["198.51.100.101"]
		[group]
		name = "ezgroup"
		[xauth]
		username = "alice"
		save     = true
		[dns]
		mode = "off"
	END
	check "it starts" in_box sh -c 'systemctl daemon-reload && ezvpn service start'
	within 20 "the tunnel carries traffic" reaches
	check "/etc is read-only" in_box sh -c '! nsenter -t $(systemctl show -P MainPID ezvpnd) -m touch /etc/x /etc/ezvpn/x 2>/dev/null'
}

# starves: on a full disk it starts, says so and connects nothing; with room again it connects by itself.
starves() {
	say "== a full disk"
	in_box ezvpn service stop
	in_box mount -t tmpfs -o size=256k,mode=700 tmpfs /var/lib/ezvpn
	in_box dd if=/dev/zero of=/var/lib/ezvpn/ballast bs=4k count=100 >/dev/null 2>&1
	check "it starts" in_box ezvpn service start
	check "the status says so" in_box sh -c 'ezvpn status | grep -q "Warning:.*no space left on device"'
	check "the journal says so" in_box sh -c 'journalctl -u ezvpnd -p 3 --no-pager | grep -q "no space left on device"'
	check "connecting is refused: exit code 6" in_box sh -c 'ezvpn up office; [ $? = 6 ]'
	check "and nothing was changed" gone_machine
	check "the profile is there" in_box sh -c 'ezvpn profile list | grep -q ^office'
	in_box rm /var/lib/ezvpn/ballast
	within 20 "with room again, the tunnel carries traffic" reaches
	in_box ezvpn service stop
	in_box sh -c 'echo "{" >/var/lib/ezvpn/undo.json; mount -o remount,ro /var/lib/ezvpn'
	check "read-only, with a journal that is none: it starts" in_box ezvpn service start
	check "the status says so" in_box sh -c 'ezvpn status | grep -q "Warning:.*read-only file system"'
	in_box mount -o remount,rw /var/lib/ezvpn
	in_box ezvpn service restart
	within 20 "writable again, the tunnel carries traffic" reaches
	check "the status says what became of the journal" in_box sh -c 'ezvpn status | grep -q "Warning:.*undo.json.corrupt"'
	in_box ezvpn service stop
	in_box umount /var/lib/ezvpn
	check "it starts" in_box ezvpn service start
	within 20 "the tunnel carries traffic" reaches
}

# upgrades: what runs is replaced and started again.
upgrades() {
	local pid
	say "== an upgrade"
	pid=$(main_pid)
	check "ezvpn service install" in_box /root/unpacked/ezvpn service install
	sed 's/^/      /' "$work/out"
	check "another process runs" new_pid "$pid"
	within 10 "the tunnel carries traffic" reaches
}

leaves() {
	say "== uninstall"
	check "ezvpn service uninstall" in_box /root/unpacked/ezvpn service uninstall
	sed 's/^/      /' "$work/out"
	check "the unit is gone" unknown
	within 5 "the machine is as before" gone_machine || diff <(echo "$before") <(routes)
	check "the profile stays" in_box test -s /etc/ezvpn/profiles.d/office.toml
	check "--purge" in_box /root/unpacked/ezvpn service uninstall --purge
	check "nothing is left" in_box sh -c '! ls -d /etc/ezvpn /var/lib/ezvpn /usr/local/sbin/ezvpnd /usr/local/bin/ezvpn /etc/sysusers.d/ezvpn.conf 2>/dev/null | grep .'
}

[ "$(id -u)" = 0 ] || { say "run as root" >&2; exit 1; }
exec 9>/run/ezt.lock
flock -w 1800 9 || { say "the lab is in use" >&2; exit 1; }
trap clean EXIT
trap 'exit 130' INT TERM
make_tree
"$lab" up 2>"$work/lab.log" 9>&- || { cat "$work/lab.log" >&2; exit 1; }
before=$(routes)
boot 9>&-
within 60 "booted" booted || exit 1
installs
reboot_box
comes_up "after a boot"
survives
holds
reboot_box
comes_up "after another boot"
upgrades
narrows
starves
leaves
say "$passed passed, $failed failed"
[ $failed = 0 ]

#!/bin/bash
# test-packages.sh - installs the Debian or Ubuntu packages that `make test` needs beside Go and make. It asks dpkg
# first: when all are there, nothing is fetched. Run as root, or as a user who may use sudo. With arguments it installs
# those packages instead.
set -eu

packages="
	strongswan-charon strongswan-swanctl libcharon-extra-plugins libcharon-extauth-plugins
	libstrongswan-standard-plugins libstrongswan-extra-plugins
	vpnc vpnc-scripts dnsmasq-base
	iproute2 iputils-ping nftables conntrack tcpdump dbus procps
	gcc libc6-dev ca-certificates
"
[ $# = 0 ] || packages="$*"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "test-packages: this is no Debian or Ubuntu; install what corresponds to:" $packages >&2
	exit 1
fi

missing=
for p in $packages; do
	dpkg-query -Wf '${Status}\n' "$p" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $p"
done
if [ -z "$missing" ]; then
	echo "test-packages: all packages are there"
	exit 0
fi

root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || { echo "test-packages: root or sudo is needed to install$missing" >&2; exit 1; }
	root=sudo
fi
echo "test-packages: installing$missing"
# Services that a package starts by itself have no business in a test.
$root env DEBIAN_FRONTEND=noninteractive apt-get update -q
$root env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $missing

#!/bin/sh
# Puts a newly built image onto the running router, which keeps its
# configuration, and looks afterwards whether all is there.
#
# usage: upgrade.sh [ADDRESS]
#
# By SSH as root, with the key that the image was built with, from the network
# that the router is administered from. The site has no internet meanwhile: have
# the recovery port or the VM's console at hand.
set -eu
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./recipe.env
address=${1:-$ADDRESS}

fail() {
	echo "Unable to upgrade router \"$ROUTER\" at $address: $1" >&2
	exit 1
}

on_router() {
	# Only what is meant to run over there is expanded there.
	ssh -o ConnectTimeout=10 "root@$address" "$@"
}

# The configuration, without the lines that mean nothing.
# shellcheck disable=SC2016
state='for file in network firewall dhcp mwan3 system rpcd uhttpd dropbear; do uci show "$file"; done | sha256sum; sha256sum </etc/uhttpd.crt'

sum=$(sed -n "s/  $IMAGE.gz\$//p" image.sha256)
[ -n "$sum" ] || fail "image.sha256 has no sum of $IMAGE.gz. Run build.sh."
echo "$sum  $IMAGE.gz" | sha256sum --check --status ||
	fail "$IMAGE.gz is not what build.sh made. Run build.sh again."

before=$(on_router "$state") || fail "it does not answer by SSH. Look at the path and the key."
on_router '[ ! -d /var/run/rpcd/snapshot-files ]' ||
	fail "a change waits for its confirmation there. Wait until \"pulumi up\" has ended."
kept=$(on_router 'sysupgrade -l') || fail "it does not say what sysupgrade keeps. Look at the path."
for file in /etc/config/network /etc/config/rpcd /etc/uhttpd.key /etc/uhttpd.crt /etc/hybrid-site/confirmed/current /usr/share/rpcd/acl.d/hybrid-site.json; do
	case $kept in
	*"$file"*) ;;
	*) fail "sysupgrade would not keep $file. Add it to /etc/sysupgrade.conf on the router." ;;
	esac
done
on_router 'cat >/tmp/upgrade.img.gz' <"$IMAGE.gz" || fail "the image does not fit into its memory. Give the VM more."
there=$(on_router 'sha256sum /tmp/upgrade.img.gz') || fail "it does not answer any more. Try again."
[ "${there%% *}" = "$sum" ] || fail "the image arrived damaged. Try again."
on_router 'sysupgrade -T /tmp/upgrade.img.gz' || fail "sysupgrade does not take the image. It says why above."

echo "Upgrading; $ROUTER is away for a minute or two."
booted=$(on_router 'cat /proc/sys/kernel/random/boot_id') || fail "it does not answer any more. Try again."
# The connection breaks in the course of it.
on_router 'sysupgrade /tmp/upgrade.img.gz' || true
tries=0
until now=$(on_router 'cat /proc/sys/kernel/random/boot_id' 2>/dev/null) && [ "$now" != "$booted" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 60 ] || fail "it did not come back within ten minutes. Look at the VM's console."
	sleep 10
done

problems=
check() {
	if ! on_router "$2" >/dev/null 2>&1; then
		problems="$problems
- $1"
	fi
}
[ "$(on_router "$state")" = "$before" ] || problems="$problems
- its configuration or certificate is not what it was"
check "it does not run OpenWrt $VERSION" "grep -q \"DISTRIB_RELEASE='$VERSION'\" /etc/openwrt_release"
for package in $PACKAGES; do
	check "package $package is missing" "opkg status $package | grep -q '^Status: .* installed'"
done
check "the account's rights are missing" "[ -s /usr/share/rpcd/acl.d/$ACCOUNT.json ]"
check "the boot guard is not enabled" '/etc/init.d/hybrid-site-guard enabled'
check "the boot guard has no confirmed copy" '[ -s /etc/hybrid-site/confirmed/current ]'
check "root has no password set nor locked" "! grep -q '^root::' /etc/shadow"
# shellcheck disable=SC2043
for object in uci network.interface mwan3 session; do
	check "ubus has no $object" "ubus -t 60 wait_for $object"
done
[ -z "$problems" ] || fail "it runs again, but:$problems
Mend that, or go back by the image of before."
echo "Upgraded to OpenWrt $VERSION. Run \"pulumi preview\": it should change nothing."

#!/bin/sh
# Builds the router's image by OpenWrt's ImageBuilder: Linux on x86-64.
#
# usage: build.sh [--ssh-key FILE] [--root-password-hash HASH] [< PASSWORD]
#
# The account's password comes on standard input; from a terminal or an empty
# input one is made. Password, key and certificate stay in secret/, and the next
# build uses them again. Without a hash (openssl passwd -6) root is locked.
set -eu
umask 077
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./recipe.env

fail() {
	echo "Unable to build the image of router \"$ROUTER\": $1" >&2
	exit 1
}

ssh_key=
root_hash='*'
while [ $# -gt 0 ]; do
	[ $# -gt 1 ] || fail "$1 needs a value. See the head of build.sh."
	case $1 in
	--ssh-key) ssh_key=$2 ;;
	--root-password-hash) root_hash=$2 ;;
	*) fail "there is no option $1. See the head of build.sh." ;;
	esac
	shift 2
done
case $root_hash in
'*' | \$[56]\$*) ;;
*) fail "the hash of root's password is none. Make one with \"openssl passwd -6\"." ;;
esac
[ -z "$ssh_key" ] || [ -s "$ssh_key" ] || fail "there is no key $ssh_key. Give a public key, like ~/.ssh/id_ed25519.pub."
for tool in curl gzip make openssl sha256sum tar; do
	command -v "$tool" >/dev/null || fail "$tool is missing. Install it."
done

# The ImageBuilder, checked each time.
archive=cache/${IMAGE_BUILDER_URL##*/}
mkdir -p cache secret
if [ ! -s "$archive" ]; then
	curl --fail --location --silent --show-error --output "$archive.part" "$IMAGE_BUILDER_URL" ||
		fail "$IMAGE_BUILDER_URL cannot be fetched. Look whether OpenWrt $VERSION is still there."
	mv "$archive.part" "$archive"
fi
if ! echo "$IMAGE_BUILDER_SHA256  $archive" | sha256sum --check --status; then
	rm "$archive"
	fail "the checksum of $IMAGE_BUILDER_URL is not the pinned one, $IMAGE_BUILDER_SHA256. Compare that with sha256sums beside the archive and its signature; the download was removed."
fi
rm -rf work
mkdir work
tar --extract --file "$archive" --directory work --strip-components 1 ||
	fail "the archive cannot be unpacked. Install zstd."

# Secrets: made once, here.
if [ ! -s secret/password ]; then
	password=
	[ -t 0 ] || read -r password || true
	[ -n "$password" ] || password=$(openssl rand -hex 24)
	printf '%s\n' "$password" >secret/password
fi
hash=$(openssl passwd -6 -stdin <secret/password)
[ -n "$hash" ] || fail "openssl makes no hash of the password. Install OpenSSL 1.1.1 or newer."
if [ ! -s secret/tls.key ] || [ ! -s secret/tls.crt ]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
		-subj "/CN=$ROUTER" -addext "subjectAltName=IP:$ADDRESS,DNS:$ROUTER" \
		-keyout secret/tls.key -out secret/tls.crt 2>/dev/null ||
		fail "openssl makes no certificate. Install OpenSSL 1.1.1 or newer."
fi

# What the image has beside its packages.
cp -R files work/overlay
(
	cd work/overlay
	mkdir -p etc/dropbear etc/hybrid-site
	cat >>etc/config/rpcd <<LOGIN

config login 'hybrid_site'
	option username '$ACCOUNT'
	option password '$hash'
	list read '$ACCOUNT'
	list write '$ACCOUNT'
LOGIN
	cp ../../secret/tls.key etc/uhttpd.key
	cp ../../secret/tls.crt etc/uhttpd.crt
	printf '%s\n' "$root_hash" >etc/hybrid-site/root-password
)
[ -z "$ssh_key" ] || cp "$ssh_key" work/overlay/etc/dropbear/authorized_keys
# The router's own files are for all to read; these are not.
find work/overlay -type d -exec chmod 755 {} +
find work/overlay -type f -exec chmod 644 {} +
chmod 755 work/overlay/etc/init.d/* work/overlay/etc/uci-defaults/*
chmod 700 work/overlay/etc/dropbear work/overlay/etc/hybrid-site
for file in etc/config/rpcd etc/config/network etc/uhttpd.key etc/hybrid-site/root-password etc/dropbear/authorized_keys; do
	[ ! -e "work/overlay/$file" ] || chmod 600 "work/overlay/$file"
done

make -C work image PROFILE="$PROFILE" PACKAGES="$PACKAGES" FILES="$PWD/work/overlay" \
	BIN_DIR="$PWD/work/bin" ROOTFS_PARTSIZE="$ROOTFS_MEGABYTES" >build.log 2>&1 ||
	fail "make image failed. Its end: $(tail -n 5 build.log)"
made=
for file in work/bin/*"$BUILT"; do
	[ ! -s "$file" ] || made=$file
done
[ -n "$made" ] || fail "make image left no *$BUILT. Look into build.log."
cp "$made" "$IMAGE.gz"
# Metadata for sysupgrade follows the archive, of which gzip warns (2).
gzip -dc "$IMAGE.gz" >"$IMAGE.part" 2>/dev/null || [ $? -eq 2 ] || fail "$made is no archive. Look into build.log."
mv "$IMAGE.part" "$IMAGE"
sha256sum "$IMAGE" "$IMAGE.gz" >image.sha256
rm -rf work

fingerprint=$(openssl x509 -in secret/tls.crt -noout -fingerprint -sha256)
cat <<END
Image for the VM:      $PWD/$IMAGE
Image for upgrade.sh:  $PWD/$IMAGE.gz
$(sed 's/^/  sha256 /' image.sha256)
Fingerprint of its certificate (SHA-256): ${fingerprint#*=}

Place $IMAGE in the import folder of the image's storage, then tell the stack:
  pulumi config set --path 'hybrid-site:endpoints.$ROUTER.openwrt.url' https://$ADDRESS
  pulumi config set --path 'hybrid-site:endpoints.$ROUTER.openwrt.fingerprints[0]' ${fingerprint#*=}
  pulumi config set --path 'hybrid-site:credentials.$ROUTER.openwrt.username' $ACCOUNT
  pulumi config set --secret --path 'hybrid-site:credentials.$ROUTER.openwrt.password' <'$PWD/secret/password'
END

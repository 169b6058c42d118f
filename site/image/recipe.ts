import type { RoutedSite } from "../uci";
import { account } from "./acl";
import { managementOf } from "./overlay";

const version = "24.10.7";
const target = "x86/64";
const imageBuilder = `openwrt-imagebuilder-${version}-x86-64.Linux-x86_64.tar.zst`;
/** As downloads.openwrt.org publishes it in sha256sums beside the archive. */
const imageBuilderSum =
  "6a14aa08d7414eccbdbcd4e3241847309ee8b2cf0cb71f5b62c0bf8e8869291d";

/** Beside the packages that the profile has by itself: dnsmasq, firewall4, odhcpd, ppp ... */
export const packages = [
  // Multi-WAN. It marks by iptables, here those on nftables, as firewall4's.
  "mwan3",
  "iptables-nft",
  "ip6tables-nft",
  // /ubus over TLS: `session` and `uci` are rpcd's own, `network.*` netifd's,
  // `system` procd's, and mwan3 brings its part of rpcd with it.
  "rpcd",
  "uhttpd",
  "uhttpd-mod-ubus",
  "libustream-mbedtls",
  "kmod-igb",
  "qemu-ga",
];

/** What build.sh and upgrade.sh are told, as lines of shell. */
export function recipe(site: RoutedSite): string {
  const { guest } = site.router;
  const machine = site.guests.find(({ name }) => name === guest);
  const image = site.proxmox.images.find(({ name }) => name === machine?.image);
  const firmware = machine?.bios === "ovmf" ? "combined-efi" : "combined";
  const values = {
    ROUTER: guest,
    ADDRESS: managementOf(site).gateway,
    ACCOUNT: account,
    VERSION: version,
    PROFILE: "generic",
    PACKAGES: packages.join(" "),
    ROOTFS_MEGABYTES: "256",
    IMAGE_BUILDER_URL: `https://downloads.openwrt.org/releases/${version}/targets/${target}/${imageBuilder}`,
    IMAGE_BUILDER_SHA256: imageBuilderSum,
    BUILT: `squashfs-${firmware}.img.gz`,
    // As the manifest calls it: PVE knows a disk image by its ending.
    IMAGE: (image?.file ?? "openwrt.raw").replace(/\.\w+$/, ".raw"),
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}='${value}'\n`)
    .join("");
}

import { deriveRouter, type RoutedSite, type Section } from "../uci";
import { uciName } from "../uci/names";
import { section } from "../uci/section";
import { account, acl } from "./acl";
import { uciText } from "./uci-text";

/**
 * What the image's root file system has beside the packages: just so much that
 * the router answers on its management address, in the sections that are
 * derived for it later too. Secrets come in when the image is built.
 */
export function overlay(site: RoutedSite): Record<string, string> {
  const derived = deriveRouter(site);
  const management = uciName(site.router.management);
  const { vlan } = managementOf(site);
  const only = (sections: Section[], ...names: string[]) =>
    sections.filter(({ section: name }) => names.includes(name));
  return {
    "etc/config/network": uciText([
      section("interface", "loopback", {
        device: "lo",
        proto: "static",
        ipaddr: ["127.0.0.1/8"],
      }),
      ...only(
        derived.network,
        "globals",
        "trunk",
        "br_lan",
        `vlan${vlan}`,
        management,
      ),
    ]),
    "etc/config/firewall": uciText(
      only(
        derived.firewall,
        "defaults",
        `zone_${management}`,
        `administer_${management}`,
        `ping_${management}`,
      ),
    ),
    "etc/config/dhcp": uciText([
      ...only(derived.dhcp, "dnsmasq"),
      section("dhcp", management, { interface: management, ignore: true }),
    ]),
    "etc/config/mwan3": uciText(only(derived.mwan3, "globals")),
    "etc/config/system": uciText([
      section("system", "system", {
        hostname: site.router.guest,
        timezone: "UTC",
        log_size: 1024,
      }),
      section("timeserver", "ntp", {
        enabled: true,
        server: [0, 1, 2, 3].map((number) => `${number}.openwrt.pool.ntp.org`),
      }),
    ]),
    "etc/config/rpcd": uciText([
      section("rpcd", "rpcd", {
        socket: "/var/run/ubus/ubus.sock",
        timeout: 30,
      }),
    ]),
    // On every address, so that it comes up before the network does; who may
    // reach it is the firewall's decision.
    "etc/config/uhttpd": uciText([
      section("uhttpd", "main", {
        listen_https: ["0.0.0.0:443"],
        home: "/www",
        cert: "/etc/uhttpd.crt",
        key: "/etc/uhttpd.key",
        ubus_prefix: "/ubus",
        rfc1918_filter: true,
        max_requests: 3,
        max_connections: 100,
        script_timeout: 60,
        network_timeout: 30,
        http_keepalive: 20,
        tcp_keepalive: 1,
      }),
    ]),
    "etc/config/dropbear": uciText([
      section("dropbear", "main", {
        enable: true,
        Interface: management,
        Port: 22,
        PasswordAuth: false,
        RootPasswordAuth: false,
      }),
    ]),
    [`usr/share/rpcd/acl.d/${account}.json`]: `${JSON.stringify(acl, null, 2)}\n`,
    "etc/sysupgrade.conf": `${keepList.join("\n")}\n`,
  };
}

/** What sysupgrade carries over, though no package calls it configuration. */
export const keepList = [
  "/etc/config/",
  "/etc/dropbear/",
  "/etc/hybrid-site/",
  "/etc/init.d/hybrid-site-guard",
  "/etc/rc.d/K10hybrid-site-guard",
  "/etc/rc.d/S15hybrid-site-guard",
  "/etc/uhttpd.crt",
  "/etc/uhttpd.key",
  `/usr/share/rpcd/acl.d/${account}.json`,
];

/** The network that the router is administered from, with its address there. */
export function managementOf({ networks, router }: RoutedSite) {
  const found = networks.find(({ name }) => name === router.management);
  if (found?.gateway === undefined) {
    throw new Error(
      `Unable to make the image of router "${router.guest}": network "${router.management}" has no gateway, which is the router's address in it. Give it one.`,
    );
  }
  return { ...found, gateway: found.gateway };
}

import type { Guest, Host } from "../manifest";
import { toNumber } from "../schema/address";
import { uciName } from "./names";
import { ipv6Of, type Leg, legs, type RoutedSite } from "./routed";
import { type Section, section } from "./section";

export function deriveDhcp(site: RoutedSite): Section[] {
  const { wan } = site;
  const { domain } = site.site;
  return [
    section("dnsmasq", "dnsmasq", {
      domain,
      local: `/${domain}/`,
      domainneeded: true,
      boguspriv: true,
      expandhosts: true,
      localise_queries: true,
      localservice: true,
      authoritative: true,
      rebind_protection: true,
      rebind_domain: [domain],
      leasefile: "/tmp/dhcp.leases",
      noresolv: true,
      server: [...wan.dns],
    }),
    ...legs(site).map((leg) => pool(site, leg)),
    ...wan.lines.map(({ interface: name }) =>
      section("dhcp", name, { interface: name, ignore: true }),
    ),
    ...fixedAddresses(site),
    ...names(site),
  ];
}

function pool(site: RoutedSite, { name, cidr, gateway, dhcp }: Leg): Section {
  const network = uciName(name);
  if (dhcp === undefined) {
    return section("dhcp", network, { interface: network, ignore: true });
  }
  const [first = ""] = cidr.split("/");
  const start = toNumber(dhcp.from) - toNumber(first);
  const announce = ipv6Of(site) ? "server" : "disabled";
  return section("dhcp", network, {
    interface: network,
    start,
    limit: toNumber(dhcp.to) - toNumber(dhcp.from) + 1,
    leasetime: `${dhcp.lease / 60_000}m`,
    dhcpv4: "server",
    dhcpv6: announce,
    ra: announce,
    dhcp_option: [`3,${gateway}`, `6,${gateway}`],
  });
}

/** A guest's address is its own also when it asks for one by DHCP. */
function fixedAddresses(site: RoutedSite): Section[] {
  const served = new Set(
    legs(site).flatMap(({ name, dhcp }) => (dhcp ? [name] : [])),
  );
  return site.guests.flatMap((guest) =>
    addressesOf(guest).flatMap(({ network, address, mac }) =>
      mac && served.has(network)
        ? [
            section("host", `host_${uciName(guest.name)}_${uciName(network)}`, {
              name: guest.name,
              mac: [mac],
              ip: address,
            }),
          ]
        : [],
    ),
  );
}

interface Address {
  network: string;
  address: string;
  mac?: string;
}

function addressesOf({ nics }: Guest): Address[] {
  return nics.flatMap(({ network, address, mac }) =>
    network && address && address !== "dhcp" && address !== "none"
      ? [{ network, address, mac }]
      : [],
  );
}

/** The first address of a machine has its plain name, others their network's too. */
function names(site: RoutedSite): Section[] {
  const { domain } = site.site;
  const { guest, management } = site.router;
  const all = (name: string, addresses: Address[]) =>
    addresses.map(({ network, address }, index) =>
      section("domain", `name_${uciName(name)}_${uciName(network)}`, {
        name: `${index === 0 ? name : `${name}.${network}`}.${domain}`,
        ip: address,
      }),
    );
  const own = legs(site)
    .map(({ name, gateway }) => ({ network: name, address: gateway }))
    // The one that it is administered by has the plain name.
    .sort(
      (left, right) =>
        Number(right.network === management) -
        Number(left.network === management),
    );
  return [
    ...all(guest, own),
    ...site.hardware.hosts.flatMap((host) =>
      all(host.name, hostAddresses(host)),
    ),
    ...site.guests
      .filter(({ name }) => name !== guest)
      .flatMap((item) => all(item.name, addressesOf(item))),
  ];
}

function hostAddresses({ addresses, bmc }: Host): Address[] {
  return [
    ...Object.entries(addresses).map(([network, address]) => ({
      network,
      address,
    })),
    ...(bmc ? [{ network: "bmc", address: bmc }] : []),
  ];
}

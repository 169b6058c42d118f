import type { Network, Site, Wan } from "../manifest";
import type { Problem } from "../problem";
import { contains, reserved, toNumber } from "../schema/address";
import { twice } from "./names";
import { refer } from "./refer";

type Path = readonly PropertyKey[];

/** What stands in the areas wan and router, and what networks want of them. */
export function routerProblems(site: Site): Problem[] {
  const { wan, router } = site;
  if ((wan === undefined) !== (router === undefined)) {
    const [there, missing] = wan ? ["wan", "router"] : ["router", "wan"];
    return [
      {
        message: `"${there}" is nothing without "${missing}", add it`,
        path: [there],
      },
    ];
  }
  return site.networks.flatMap((network, index) => {
    const path = ["networks", index];
    return [
      ...wishes(site, network, path),
      ...allowances(site, network, path),
      ...range(site, network, path),
    ];
  });
}

/** Whether there is a router to do what the network wants. */
function wishes({ router }: Site, network: Network, path: Path): Problem[] {
  const { name, gateway, allow = [] } = network;
  const problems: Problem[] =
    name === "internet"
      ? [
          {
            message: '"internet" means the lines, choose another name',
            path: [...path, "name"],
          },
        ]
      : [];
  for (const key of ["dhcp", "wan", "allow"] as const) {
    if (network[key] === undefined) continue;
    if (router === undefined || gateway === undefined) {
      const lack = router === undefined ? "the site" : `network "${name}"`;
      const what = router === undefined ? "router" : "gateway";
      problems.push({
        message: `"${key}" is done by the router, and ${lack} has no ${what}, add it or drop "${key}"`,
        path: [...path, key],
      });
    }
  }
  if (network.wan !== undefined && !allow.some(({ to }) => to === "internet")) {
    problems.push({
      message: `"wan" says how network "${name}" reaches the internet, and "allow" does not let it, add that or drop "wan"`,
      path: [...path, "wan"],
    });
  }
  return problems;
}

function allowances(
  { networks, wan }: Site,
  network: Network,
  path: Path,
): Problem[] {
  const { name, allow = [] } = network;
  const targets = [...networks, { name: "internet", gateway: "" }];
  return [
    ...(typeof network.wan === "object"
      ? refer("line", network.wan.only, wan?.lines ?? [], [
          ...path,
          "wan",
          "only",
        ])
      : network.wan !== undefined
        ? policyOf(wan, network.wan, [...path, "wan"])
        : []),
    ...allow.flatMap(({ to }, at): Problem[] => {
      const here = [...path, "allow", at, "to"];
      const target = targets.find((item) => item.name === to);
      if (target === undefined) return refer("network", to, targets, here);
      if (to === name) {
        return [
          {
            message: `what stays in network "${name}" does not pass the router, drop it`,
            path: here,
          },
        ];
      }
      if (target.gateway === undefined) {
        return [
          {
            message: `the router has no address in network "${to}" and leads nowhere there, give it a gateway`,
            path: here,
          },
        ];
      }
      return [];
    }),
    ...twice(
      "allowance",
      allow,
      ({ to, protocol, ports = [] }) => [to, protocol, ...ports].join(" "),
      [...path, "allow"],
      "to",
    ),
  ];
}

/** A line's name is no policy's: what is meant has a form of its own. */
function policyOf(wan: Wan | undefined, name: string, path: Path): Problem[] {
  const { lines = [], policies = [] } = wan ?? {};
  const isLine =
    lines.some((line) => line.name === name) &&
    !policies.some((policy) => policy.name === name);
  return isLine
    ? [
        {
          message: `"${name}" is a line and no policy, write { only: ${name} } for that line alone`,
          path,
        },
      ]
    : refer("policy", name, policies, path);
}

/** Addresses that are given away must lie in the network and belong to nobody. */
function range(
  { hardware, guests }: Site,
  { name, cidr, gateway, dhcp }: Network,
  path: Path,
): Problem[] {
  if (dhcp === undefined) return [];
  const here = [...path, "dhcp"];
  const problems: Problem[] = (["from", "to"] as const).flatMap((key) =>
    contains(cidr, dhcp[key]) && !reserved(cidr).includes(dhcp[key])
      ? []
      : [
          {
            message: `${dhcp[key]} is no address for a machine in ${cidr} of network "${name}", choose another`,
            path: [...here, key],
          },
        ],
  );
  if (toNumber(dhcp.from) > toNumber(dhcp.to)) {
    problems.push({
      message: `addresses go from ${dhcp.from} down to ${dhcp.to}, swap them`,
      path: here,
    });
  }
  const taken = [
    ...(gateway ? [{ address: gateway, who: "the router" }] : []),
    ...hardware.hosts.flatMap((host) =>
      [host.addresses[name], host.bmc].flatMap((address) =>
        address ? [{ address, who: `host "${host.name}"` }] : [],
      ),
    ),
    ...guests.flatMap((guest) =>
      guest.nics
        .filter(({ network }) => network === name)
        .flatMap(({ address, mac }) =>
          // With a MAC the router itself keeps the address for the guest.
          address && address !== "dhcp" && address !== "none" && !mac
            ? [{ address, who: `guest "${guest.name}"` }]
            : [],
        ),
    ),
  ];
  for (const { address, who } of taken) {
    if (
      toNumber(dhcp.from) <= toNumber(address) &&
      toNumber(address) <= toNumber(dhcp.to)
    ) {
      problems.push({
        message: `${address} of ${who} would be given away a second time, leave it out of dhcp`,
        path: here,
      });
    }
  }
  return problems;
}

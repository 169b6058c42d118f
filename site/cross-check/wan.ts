import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { suggest } from "../suggest";
import { repeated, twice } from "./names";
import { refer } from "./refer";
import { staticLineProblems } from "./static-lines";

export function wanProblems(site: Site): Problem[] {
  const { wan, networks } = site;
  if (wan === undefined) return [];
  const { lines, policies, rules } = wan;
  return [
    twice("line name", lines, ({ name }) => name, ["wan", "lines"]),
    twice(
      "interface",
      lines,
      (line) => line.interface,
      ["wan", "lines"],
      "interface",
    ),
    twice("port", lines, ({ port }) => port, ["wan", "lines"], "port"),
    twice("policy name", policies, ({ name }) => name, ["wan", "policies"]),
    twice("rule name", rules, ({ name }) => name, ["wan", "rules"]),
    staticLineProblems(site),
    repeated("resolver", wan.dns, ["wan", "dns"]),
    repeated("target", wan.health.targets, ["wan", "health", "targets"]),
    lines.flatMap(({ health }, index) =>
      repeated("target", health?.targets, [
        "wan",
        "lines",
        index,
        "health",
        "targets",
      ]),
    ),
    wan.ipv6 === "off"
      ? []
      : repeated("target", wan.ipv6.targets, ["wan", "ipv6", "targets"]),
    policies.flatMap((policy, index) => {
      const path = ["wan", "policies", index, "lines"];
      return [
        ...policy.lines.flatMap(({ line }, at) =>
          refer("line", line, lines, [...path, at, "line"]),
        ),
        ...twice("line", policy.lines, ({ line }) => line, path, "line"),
      ];
    }),
    rules.flatMap(({ from, policy }, index) => [
      ...refer("policy", policy, policies, ["wan", "rules", index, "policy"]),
      ...networks
        .filter((network) => network.name === from && network.wan !== undefined)
        .map(() => ({
          message: `network "${from}" has "wan" for all its traffic, and this rule is never reached, drop one of them`,
          path: ["wan", "rules", index],
        })),
      ...(from === undefined
        ? []
        : refer(
            "network with a gateway",
            from,
            networks.filter(({ gateway }) => gateway !== undefined),
            ["wan", "rules", index, "from"],
          )),
    ]),
  ].flat();
}

/** The guest that routes, and its NIC. */
export function routerGuestProblems(site: Site): Problem[] {
  const { router, networks, guests, wan } = site;
  if (router === undefined) return [];
  const routed = networks.filter(({ gateway }) => gateway !== undefined);
  const names = routed.map(({ name }) => name);
  const problems: Problem[] = [];
  const refuse = (key: string, message: string) =>
    problems.push({ message, path: ["router", key] });
  if (!names.includes(router.management)) {
    refuse(
      "management",
      `there is no network with a gateway called "${router.management}"${suggest(router.management, names)}`,
    );
  }
  const routers = guests.filter(({ role }) => role === "router");
  const guest = routers.find(({ name }) => name === router.guest);
  if (guest === undefined) {
    const known = routers.map(({ name }) => name);
    refuse(
      "guest",
      `there is no guest with role: router called "${router.guest}"${suggest(router.guest, known)}`,
    );
  }
  const nic = guest?.nics.find(({ trunk }) => trunk);
  for (const name of names.filter((name) => !nic?.trunk?.includes(name))) {
    if (nic === undefined) break;
    problems.push({
      message: `network "${name}" has a gateway, and the trunk of router "${router.guest}" does not carry it, add it there`,
      path: [
        "guests",
        guests.findIndex(({ name }) => name === router.guest),
        "nics",
      ],
    });
  }
  const told = router.macs?.[router.trunk];
  if (nic?.mac && told && nic.mac !== told) {
    refuse(
      "macs",
      `${router.trunk} has MAC ${told} here and ${nic.mac} at guest "${router.guest}", correct one of them`,
    );
  }
  const port = wan?.lines.find(({ port }) => port === router.trunk);
  if (port) {
    refuse(
      "trunk",
      `${router.trunk} is the port of line "${port.name}" too, correct one of them`,
    );
  }
  const devices = [router.trunk, ...(wan?.lines ?? []).map(({ port }) => port)];
  for (const [device, mac] of Object.entries(router.macs ?? {})) {
    if (devices.includes(device)) continue;
    // Nothing says which of the two has been left as it was.
    if (mac === nic?.mac && router.macs?.[router.trunk] === undefined)
      refuse(
        "trunk",
        `the trunk is ${router.trunk}, and macs has the MAC of its NIC under ${device}, correct one of them`,
      );
    else
      refuse(
        "macs",
        `there is no device "${device}" in use${suggest(device, devices)}`,
      );
  }
  return problems;
}

import type { Wan } from "../manifest";
import { everywhere } from "../uci/routed";
import type { Rule } from "./finding";

export const wanRules: Rule = {
  id: "wan-rules",
  severity: "error",
  title: "Every packet meets a rule, and every rule a packet",
  fact: "mwan3 takes the first rule that fits, in the order of its file: what stands behind one that takes everything is dead, and what no rule takes goes out by the main table's lowest metric. Ports count with tcp and udp only, and iptables' multiport takes 15 of them, two for a range: mwan3 drops a rule with more without a word.",
  check: ({ wan, networks }) => [
    ...(wan ? ordered(wan) : []),
    ...(wan?.rules ?? []).flatMap((rule, index) => [
      ...ported(rule, `rule "${rule.name}"`, ["wan", "rules", index]),
      ...crowded(rule, ["wan", "rules", index, "ports"]),
    ]),
    ...networks.flatMap(({ name, allow = [] }, index) =>
      allow.flatMap((item, at) =>
        ported(item, `what network "${name}" may reach in "${item.to}"`, [
          "networks",
          index,
          "allow",
          at,
        ]),
      ),
    ),
  ],
  remedy:
    "End with one rule that has neither from, to, protocol nor ports; give ports a protocol, and split long lists.",
};

function ordered({ rules }: Wan) {
  const first = rules.findIndex(
    ({ from, to = everywhere, protocol, ports }) =>
      from === undefined &&
      to === everywhere &&
      protocol === "any" &&
      ports === undefined,
  );
  const catchAll = rules[first];
  if (catchAll === undefined) {
    return [
      {
        message: "no rule takes what the others leave",
        path: ["wan", "rules"],
        remedy: "End with one that has neither from, to, protocol nor ports.",
      },
    ];
  }
  return rules.slice(first + 1).map(({ name }, index) => ({
    message: `rule "${name}" stands behind "${catchAll.name}", which takes everything`,
    path: ["wan", "rules", first + 1 + index],
    remedy: "Put that one last, or drop this one.",
  }));
}

function ported(
  { protocol, ports }: { protocol?: string; ports?: unknown[] },
  what: string,
  path: readonly PropertyKey[],
) {
  return ports === undefined || protocol === "tcp" || protocol === "udp"
    ? []
    : [
        {
          message: `${what} has ports with protocol ${protocol}`,
          path: [...path, "ports"],
          remedy: "Say protocol: tcp or udp, or drop the ports.",
        },
      ];
}

/** As iptables' multiport counts them. */
const mostPorts = 15;

function crowded(
  { name, ports = [] }: Wan["rules"][number],
  path: readonly PropertyKey[],
) {
  const count = ports
    .map((port) => (typeof port === "string" ? 2 : 1))
    .reduce<number>((sum, places) => sum + places, 0);
  return count <= mostPorts
    ? []
    : [
        {
          message: `rule "${name}" takes ${count} places for ports, and iptables has ${mostPorts}`,
          path,
          remedy: "Split it into two rules.",
        },
      ];
}

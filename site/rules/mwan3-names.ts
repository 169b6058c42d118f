import { isRouted, type RoutedSite } from "../uci";
import { policiesOf } from "../uci/mwan3";
import {
  ipv6Of,
  longestInterface,
  longestName,
  networkRule,
  networkRule6,
  uciName,
} from "../uci/names";
import type { Rule } from "./finding";

export const mwan3Names: Rule = {
  id: "mwan3-names",
  severity: "error",
  title: "mwan3 takes every name, and each once",
  fact: "mwan3 passes over policies and rules of more than 15 characters with a line in its log (mwan3.sh); iptables takes no chain mwan3_iface_out_NAME for an interface of more than 13; all of them share one file's names.",
  check: (site) => {
    const used = new Map<string, Named>();
    return (isRouted(site) ? namesOf(site) : []).flatMap((named) => {
      const { kind, name, of, path } = named;
      const longest = kind === "interface" ? longestInterface : longestName;
      const holder = used.get(name);
      // Policies that want the same of a line share a member.
      if (holder && kind === "member" && of === holder.of) return [];
      if (holder === undefined) used.set(name, named);
      return [
        ...(name.length > longest
          ? [
              {
                message: `${kind} "${name}" has ${name.length} characters, and mwan3 takes ${longest}`,
                path,
              },
            ]
          : []),
        ...(holder
          ? [
              {
                message: `${kind} "${name}" is called as ${holder.kind} "${name}"${holder.of ? ` of "${holder.of}"` : ""} is`,
                path,
              },
            ]
          : []),
      ];
    });
  },
  remedy: "Choose a shorter name, or another one.",
};

interface Named {
  kind: "interface" | "policy" | "rule" | "member";
  name: string;
  /** The interface that a member is made of. */
  of?: string;
  path: readonly PropertyKey[];
}

/** All names of the file, at what they are made of. */
function namesOf(site: RoutedSite): Named[] {
  const { wan, networks } = site;
  const twins = (name: string) =>
    wan.ipv6 === "off" ? [name] : [name, ipv6Of(name)];
  const lineAt = (name: string) => [
    "wan",
    "lines",
    wan.lines.findIndex((line) => twins(line.interface).includes(name)),
    "interface",
  ];
  const policies = policiesOf(site);
  return [
    ...wan.lines.flatMap((line) =>
      twins(line.interface).map(
        (name): Named => ({ kind: "interface", name, path: lineAt(name) }),
      ),
    ),
    ...policies.map(({ name, members }, index): Named => {
      const own = wan.policies[index];
      return {
        kind: "policy",
        name,
        path: own
          ? ["wan", "policies", index, "name"]
          : lineAt(members[0]?.interface ?? ""),
      };
    }),
    ...wan.rules.flatMap(({ name }, index) =>
      twins(uciName(name)).map(
        (name): Named => ({
          kind: "rule",
          name,
          path: ["wan", "rules", index, "name"],
        }),
      ),
    ),
    ...networks.flatMap(({ name, wan: wish }, index) =>
      (wish === undefined
        ? []
        : wan.ipv6 === "off"
          ? [networkRule(name)]
          : [networkRule(name), networkRule6(name)]
      ).map(
        (name): Named => ({
          kind: "rule",
          name,
          path: ["networks", index, "name"],
        }),
      ),
    ),
    ...policies.flatMap(({ members }) =>
      members.map(
        ({ name, interface: of }): Named => ({
          kind: "member",
          name,
          of,
          path: lineAt(of),
        }),
      ),
    ),
  ];
}

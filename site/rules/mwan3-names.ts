import type { Wan } from "../manifest";
import { ipv6Of, longestInterface, longestName, uciName } from "../uci/names";
import type { Rule } from "./finding";

export const mwan3Names: Rule = {
  id: "mwan3-names",
  severity: "error",
  title: "mwan3 takes every name, and each once",
  fact: "mwan3 passes over policies and rules of more than 15 characters with a line in its log (mwan3.sh); iptables takes no chain mwan3_iface_out_NAME for an interface of more than 13; all of them share one file's names.",
  check: ({ wan }) => {
    if (wan === undefined) return [];
    const used = new Map<string, string>();
    // With IPv6 each has a twin, "_6".
    const twin = wan.ipv6 === "off" ? 0 : ipv6Of("").length;
    return namesOf(wan).flatMap(({ kind, name, path }) => {
      const most = kind === "interface" ? longestInterface : longestName;
      const longest = kind === "policy" ? most : most - twin;
      const holder = used.get(name);
      used.set(name, `${kind} "${name}"`);
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
          ? [{ message: `${kind} "${name}" is called as ${holder} is`, path }]
          : []),
      ];
    });
  },
  remedy: "Choose a shorter name, or another one.",
};

interface Named {
  kind: "interface" | "policy" | "rule";
  name: string;
  path: readonly PropertyKey[];
}

function namesOf(wan: Wan): Named[] {
  return [
    ...wan.lines.map(
      (line, index): Named => ({
        kind: "interface",
        name: line.interface,
        path: ["wan", "lines", index, "interface"],
      }),
    ),
    ...wan.policies.map(
      ({ name }, index): Named => ({
        kind: "policy",
        name: uciName(name),
        path: ["wan", "policies", index, "name"],
      }),
    ),
    ...wan.rules.map(
      ({ name }, index): Named => ({
        kind: "rule",
        name: uciName(name),
        path: ["wan", "rules", index, "name"],
      }),
    ),
  ];
}

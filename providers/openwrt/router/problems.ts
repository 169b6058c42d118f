import type { Section } from "../uci/section";
import { mwan3Problems } from "./mwan3-problems";

export type Problem = [path: readonly PropertyKey[], message: string];

export interface Sections {
  network: readonly Section[];
  firewall: readonly Section[];
  dhcp: readonly Section[];
  mwan3: readonly Section[];
}

/** What no single section shows, and what the daemons would pass over without an error. */
export function problemsOf(inputs: Sections): Problem[] {
  return [
    ...(["network", "firewall", "dhcp", "mwan3"] as const).flatMap((config) =>
      repeatedNames(config, inputs[config]),
    ),
    ...rawBridges(inputs.network),
    ...firewallProblems(inputs),
    ...mwan3Problems(inputs),
  ];
}

function repeatedNames(
  config: string,
  sections: readonly Section[],
): Problem[] {
  const seen = new Set<string>();
  return sections.flatMap(({ section }, index): Problem[] => {
    if (!seen.has(section)) {
      seen.add(section);
      return [];
    }
    return [
      [[config, index, "section"], `"${section}" is used twice in ${config}`],
    ];
  });
}

/**
 * One bridge-vlan makes netifd filter VLANs on the whole bridge (config.c,
 * config_fixup_bridge_vlan_filtering): an interface on the bridge itself then
 * gets nothing any more.
 */
function rawBridges(network: readonly Section[]): Problem[] {
  const filtering = new Set(
    network
      .filter(({ type }) => type === "bridge-vlan")
      .map(({ options }) => options.device),
  );
  return network.flatMap(({ section, type, options }, index): Problem[] =>
    type === "interface" && filtering.has(options.device ?? "")
      ? [
          [
            ["network", index, "options", "device"],
            `interface "${section}" is on ${options.device}, which filters VLANs: it would lose its network. Give it a VLAN, like ${options.device}.10`,
          ],
        ]
      : [],
  );
}

function firewallProblems({ firewall, mwan3 }: Sections): Problem[] {
  return firewall.flatMap(({ section, type, options }, index): Problem[] => {
    const at = (key: string) => ["firewall", index, "options", key];
    const problems: Problem[] = [];
    const offloads = options.flow_offloading ?? options.flow_offloading_hw;
    if (type === "defaults" && offloads && mwan3.length > 0) {
      problems.push([
        at("flow_offloading"),
        "bypasses the marks that mwan3 chooses lines by; leave it out",
      ]);
    }
    const protocols = [options.proto ?? ["tcp", "udp"]].flat();
    for (const key of ["src_port", "dest_port", "src_dport"]) {
      const ported = protocols.every((name) =>
        /^(tcp|udp)$/.test(String(name)),
      );
      if (options[key] !== undefined && !ported) {
        problems.push([at(key), `of "${section}" needs proto tcp or udp`]);
      }
    }
    return problems;
  });
}

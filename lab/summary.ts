import type { Site } from "../site";
import type { LineSummary } from "./openwrt";
import type { Summary } from "./proxmox";

/** What exists now, where it is described, and what to try next. */
export function summarize(
  site: Site,
  nodes: Summary,
  router: readonly LineSummary[],
  manifest: string,
): string {
  const lines = [
    "",
    `Site "${site.site.name}" on ${nodes.length} Proxmox VE hosts:`,
  ];
  for (const { host, node = host } of site.proxmox.hosts) {
    const { guests = [] } = nodes.find((item) => item.node === node) ?? {};
    lines.push(`  ${node}`);
    for (const { vmid, name, status, template, memory } of guests) {
      const guest = site.guests.find((item) => item.name === name);
      const words = [
        String(vmid).padEnd(6),
        name.padEnd(16),
        (template ? "template" : status).padEnd(9),
        ...(template ? [] : [`${memory} MiB`.padStart(9)]),
        ...(guest ? [networks(site, guest.nics)] : []),
      ];
      lines.push(`    ${words.join(" ").trimEnd()}`);
    }
  }
  const guest = site.guests.at(-1);
  return [
    ...lines,
    ...routerLines(site, router),
    "",
    `All of it is described in ${manifest}. Three things to try next:`,
    `  - change a guest's memory there, then: npm run lab -- preview`,
    `  - change a guest behind Pulumi's back: npm run lab -- drift set ${guest?.name} memory 1024`,
    `    then see it and mend it:             npm run lab -- refresh --yes && npm run lab`,
    `  - take all down but what is kept:      npm run lab -- destroy --yes`,
    "",
  ].join("\n");
}

function routerLines(
  { router, wan }: Site,
  summaries: readonly LineSummary[],
): string[] {
  if (router === undefined || wan === undefined) return [];
  const rows = wan.lines.map(({ name, port, interface: own }) => {
    const found = summaries.find(({ device }) => device === port);
    const words = [
      name.padEnd(16),
      (found?.interface ?? own).padEnd(13),
      (found?.state ?? "unknown").padEnd(14),
      found?.address ?? "",
    ];
    return `  ${words.join(" ").trimEnd()}`;
  });
  return ["", `Lines of router "${router.guest}":`, ...rows];
}

function networks(site: Site, nics: Site["guests"][number]["nics"]): string {
  return nics
    .map(({ network, trunk, address }) => {
      const vlan = site.networks.find(({ name }) => name === network)?.vlan;
      const where = trunk
        ? `trunk of ${trunk.length} VLANs`
        : `VLAN ${vlan} ${network}`;
      return address && address !== "none" ? `${where}, ${address}` : where;
    })
    .join("; ");
}

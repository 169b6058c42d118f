import { loadSite, type Site } from "../../site";

export const load = () => loadSite("environments/dev.yaml");
export type Change = (site: Site) => void;

export const server = (site: Site) =>
  site.hardware.hosts[0] as Site["hardware"]["hosts"][number];
export const pools = (site: Site) => site.storage?.pools ?? [];
export const bay = (name: string) => {
  const [holder = "", number = ""] = name.split(":");
  return { holder, name: number };
};
export const sas = (site: Site) => site.hardware.cabling.sas;
export const allowances = (site: Site, network: string) =>
  site.networks.find(({ name }) => name === network)?.allow ?? [];

/** Passes a shelf through to another, so that all four have two paths to two HBAs. */
export function dualPath(site: Site): void {
  for (const shelf of site.hardware.shelves) shelf.paths = 2;
  for (const [shelf, behind] of [
    ["shelf3", "shelf1"],
    ["shelf1", "shelf3"],
    ["shelf4", "shelf2"],
    ["shelf2", "shelf4"],
  ] as const) {
    sas(site).push({
      from: { shelf: behind, host: undefined },
      to: shelf,
      plugs: ["SFF-8088", "SFF-8088"],
    });
  }
}

export function secondLink(site: Site, modes: string[]): void {
  site.hardware.cabling.network.push({
    from: { host: "router-server", device: "enp5s0f2" },
    to: { host: "ml110", device: "eno3" },
  });
  const hosts = site.proxmox.hosts;
  const [own, other] = [hosts[0]?.bridges[0], hosts[1]?.bridges[0]];
  if (own === undefined || other === undefined) return;
  const [mine, theirs] = modes;
  const bond = (mode: string, slaves: string[]) =>
    ({ bond0: { slaves, mode } }) as typeof own.bonds;
  if (mine) {
    own.bonds = bond(mine, ["enp5s0f0", "enp5s0f2"]);
    own.ports = ["bond0", "enp5s0f1", "enp5s0f3"];
  }
  if (theirs) {
    other.bonds = bond(theirs, ["eno1", "eno3"]);
    other.ports = ["bond0"];
  } else {
    other.ports.push("eno3");
  }
}

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { HostWorld } from "../../world";
import { wwidOf } from "../spec";
import { change, type load } from "../state";
import { readConfiguration } from "./configuration";

export const wwidsFile = "/etc/multipath/wwids";

export const unit = "multipathd.service";

type Units = Record<
  string,
  { active: boolean; enabled: boolean; reloads: number }
>;

export function daemonRuns(world: HostWorld): boolean {
  return world.load<Units>("units", {})[unit]?.active === true;
}

/** What the package manager does: the service is enabled and started at once. */
export function installMultipath(world: HostWorld): void {
  const units = world.load<Units>("units", {});
  units[unit] = { active: true, enabled: true, reloads: 0 };
  world.save("units", units);
}

export function knownWwids(world: HostWorld): string[] {
  const file = world.path(wwidsFile);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => /^\/(.+)\/$/.exec(line.trim())?.[1])
    .filter((wwid) => wwid !== undefined);
}

/** At boot, before anything opens the disks. */
export function startMultipath(world: HostWorld): void {
  const units = world.load<Units>("units", {});
  const daemon = units[unit];
  if (daemon === undefined) return;
  units[unit] = { ...daemon, active: daemon.enabled };
  world.save("units", units);
  if (daemon.enabled) assemble(world);
}

/** Makes the maps that find_multipaths allows; returns the new ones' WWIDs. */
export function assemble(
  world: HostWorld,
  only: (wwid: string) => boolean = () => true,
): string[] {
  const configuration = readConfiguration(world);
  const known = knownWwids(world);
  const added: string[] = [];
  change(world, (state) => {
    const paths = new Map<string, string[]>();
    for (const { disk, name } of state.paths) {
      const spec = state.disks[disk];
      if (spec === undefined || spec.vendor === "ATA") continue;
      const wwid = wwidOf(spec.wwn);
      if (configuration.blacklisted(wwid, name)) continue;
      paths.set(wwid, [...(paths.get(wwid) ?? []), name]);
    }
    for (const [wwid, names] of paths) {
      if (!only(wwid) || state.maps.some((map) => map.wwid === wwid)) continue;
      if (!wanted(configuration.findMultipaths, known.includes(wwid), names))
        continue;
      // Somebody mounted or imported it by one path: the map cannot open that one.
      if (names.some((name) => claimed(state, name))) continue;
      const used = new Set(state.maps.map(({ minor }) => minor));
      let minor = 0;
      while (used.has(minor)) minor++;
      state.maps.push({ wwid, minor });
      added.push(wwid);
    }
  });
  return added;
}

function wanted(
  mode: string,
  known: boolean,
  names: readonly string[],
): boolean {
  switch (mode) {
    case "off":
    case "no":
    case "greedy":
      return true;
    case "strict":
      return known;
    default:
      return known || names.length > 1;
  }
}

function claimed(state: ReturnType<typeof load>, name: string): boolean {
  const path = state.paths.find((has) => has.name === name);
  const serial = path && state.disks[path.disk]?.serial;
  return (
    Object.keys(state.claims).some(
      (claim) => claim.replace(/\d+$/, "") === name,
    ) || state.mounts.some((mount) => mount.serial === serial)
  );
}

/** False: it is open. */
export function flush(world: HostWorld, wwid: string): boolean {
  let isFree = true;
  change(world, (state) => {
    const map = state.maps.find((has) => has.wwid === wwid);
    if (map === undefined) return;
    const first = 1024 + map.minor * 128;
    isFree = !Object.keys(state.claims).some((name) => {
      const minor = Number(/^dm-(\d+)$/.exec(name)?.[1] ?? -1);
      return minor === map.minor || (minor > first && minor < first + 128);
    });
    if (isFree) state.maps = state.maps.filter((has) => has !== map);
  });
  return isFree;
}

const header = `# Multipath wwids, Version : 1.0
# NOTE: This file is automatically maintained by multipath and multipathd.
# You should not need to edit this file in normal circumstances.
#
# Valid WWIDs:
`;

/** False: the folder is missing. */
export function saveWwids(world: HostWorld, wwids: readonly string[]): boolean {
  const file = world.path(wwidsFile);
  if (!existsSync(dirname(file))) return false;
  writeFileSync(
    file,
    `${header}${wwids.map((wwid) => `/${wwid}/\n`).join("")}`,
  );
  return true;
}

import { existsSync, readFileSync } from "node:fs";
import type { HostWorld } from "../../world";
import { wwidOf } from "../spec";
import { change, type load } from "../state";
import { readConfiguration } from "./configuration";

export const wwidsFile = "/etc/multipath/wwids";

interface MultipathState {
  installed: boolean;
  enabled: boolean;
}

const part = "multipath";
const absent: MultipathState = { installed: false, enabled: false };

export function multipathState(world: HostWorld): MultipathState {
  return world.load<MultipathState>(part, absent);
}

/** What the package manager does: the service is enabled and started at once. */
export function installMultipath(world: HostWorld): void {
  world.save(part, { installed: true, enabled: true });
}

export function knownWwids(world: HostWorld): string[] {
  const file = world.path(wwidsFile);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => /^\/(.+)\/$/.exec(line.trim())?.[1])
    .filter((wwid) => wwid !== undefined);
}

/** At the daemon's start: see `assemble`. */
export function startMultipath(world: HostWorld): void {
  const { installed, enabled } = multipathState(world);
  if (installed && enabled) assemble(world);
}

/** Makes the maps that find_multipaths allows; returns the new ones' WWIDs. */
export function assemble(world: HostWorld): string[] {
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
      if (state.maps.some((map) => map.wwid === wwid)) continue;
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

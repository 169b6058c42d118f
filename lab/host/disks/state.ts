import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { HostWorld } from "../world";
import { Image } from "./image";
import { adaptersOf, boardPorts, type DiskSpec, type DisksSpec } from "./spec";

/** One path to a disk under the name that the kernel dealt it at this boot. */
export interface DealtPath {
  name: string;
  /** Index of the disk in the spec. */
  disk: number;
  serial: string;
  path: number;
  /** [host, channel, target, lun] */
  address: [number, number, number, number];
}

export interface MultipathMap {
  wwid: string;
  minor: number;
}

export interface Mount {
  /** Of which disk, and its partition; survives another deal of names. */
  serial: string;
  partition?: number;
  target: string;
}

interface DisksState {
  disks: DiskSpec[];
  boots: number;
  paths: DealtPath[];
  /** By the kernel's name. */
  claims: Record<string, string>;
  mounts: Mount[];
  maps: MultipathMap[];
}

export interface DisksFaults {
  /** Serials of disks out of their slots. */
  pulled: string[];
  /** Paths whose cable is out: the device stays, and is offline. */
  offline: { serial: string; path: number }[];
  /** By serial, what smartctl tells of a disk that is not well. */
  smart?: Record<string, "failing" | "asleep">;
  /** By serial, what its link has counted. */
  links?: Record<string, number>;
}

const part = "disks";
const faultsPart = "disks-faults";

export function load(world: HostWorld): DisksState {
  return world.load<DisksState>(part, {
    disks: [],
    boots: 0,
    paths: [],
    claims: {},
    mounts: [],
    maps: [],
  });
}

export function change(
  world: HostWorld,
  edit: (state: DisksState) => void,
): void {
  const state = load(world);
  edit(state);
  world.save(part, state);
}

export function loadFaults(world: HostWorld): DisksFaults {
  return world.load<DisksFaults>(faultsPart, {
    pulled: [],
    offline: [],
  });
}

export function changeFaults(
  world: HostWorld,
  edit: (faults: DisksFaults) => void,
): void {
  const faults = loadFaults(world);
  edit(faults);
  world.save(faultsPart, faults);
}

export function imageOf(world: HostWorld, spec: DiskSpec): Image {
  const folder = join(world.directory, "disks");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return new Image(join(folder, `${spec.serial}.img`), spec.sizeBytes);
}

/** Another order at each boot, the same one whenever that boot is played again. */
export function dealNames(world: HostWorld): void {
  const { pulled } = loadFaults(world);
  change(world, (state) => {
    state.boots++;
    state.claims = {};
    state.maps = [];
    const found = state.disks.flatMap((spec, disk) =>
      pulled.includes(spec.serial)
        ? []
        : adaptersOf(spec).map((_, path) => ({
            disk,
            serial: spec.serial,
            path,
          })),
    );
    const rank = (item: { disk: number; path: number }): string =>
      createHash("sha256")
        .update(`${world.name}:${state.boots}:${item.disk}:${item.path}`)
        .digest("hex");
    found.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
    state.paths = found.map((item, index) => ({
      ...item,
      name: diskName(index),
      address: addressOf(state, item.disk, item.path),
    }));
  });
}

/** A disk that is put in while the machine runs gets the first free names. */
export function dealMissing(world: HostWorld): void {
  const { pulled } = loadFaults(world);
  change(world, (state) => {
    state.paths = state.paths.filter(
      (path) => !pulled.includes(state.disks[path.disk]?.serial ?? ""),
    );
    for (const [disk, spec] of state.disks.entries()) {
      if (pulled.includes(spec.serial)) continue;
      for (const path of adaptersOf(spec).keys()) {
        if (state.paths.some((has) => has.disk === disk && has.path === path))
          continue;
        let index = 0;
        while (state.paths.some((has) => has.name === diskName(index))) index++;
        state.paths.push({
          disk,
          serial: spec.serial,
          path,
          name: diskName(index),
          address: addressOf(state, disk, path),
        });
      }
    }
    const names = new Set(state.paths.map(({ name }) => name));
    for (const name of Object.keys(state.claims)) {
      const disk = name.replace(/\d+$/, "");
      if (name.startsWith("sd") && !names.has(disk)) delete state.claims[name];
    }
  });
}

function addressOf(
  state: DisksState,
  disk: number,
  path: number,
): [number, number, number, number] {
  const spec = state.disks[disk];
  const adapter = spec && adaptersOf(spec)[path];
  if (spec === undefined || adapter === undefined) return [0, 0, 0, 0];
  if (adapter === boardPorts) {
    const ports = state.disks.filter(
      (other, index) => index < disk && adaptersOf(other)[0] === boardPorts,
    );
    return [ports.length + 16, 0, 0, 0];
  }
  return [hostOf(state.disks, adapter), 0, disk, 0];
}

/** The SCSI host number of an HBA, in the order of PCI addresses. */
export function hostOf(disks: readonly DiskSpec[], adapter: string): number {
  const adapters = new Set(disks.flatMap((spec) => adaptersOf(spec)));
  adapters.delete(boardPorts);
  return [...adapters].sort().indexOf(adapter);
}

/** sda ... sdz, sdaa ... */
export function diskName(index: number): string {
  let letters = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(97 + ((rest - 1) % 26)) + letters;
  return `sd${letters}`;
}

const sdMajors = [
  8, 65, 66, 67, 68, 69, 70, 71, 128, 129, 130, 131, 132, 133, 134, 135,
];

export function diskNumber(name: string): [number, number] {
  let index = 0;
  for (const letter of name.slice(2))
    index = index * 26 + letter.charCodeAt(0) - 96;
  index--;
  return [sdMajors[index >> 4] ?? 8, (index % 16) * 16];
}

export const mapMajor = 252;

export function initial(spec: DisksSpec): (state: DisksState) => void {
  return (state) => {
    for (const disk of spec.disks) {
      const known = state.disks.find((has) => has.serial === disk.serial);
      if (known === undefined) state.disks.push(disk);
      // Its cables are as they are now; where it sits may have been bent.
      else Object.assign(known, { hbas: disk.hbas, ports: disk.ports });
    }
  };
}

import {
  existsSync,
  mkdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, relative } from "node:path";
import type { FactsSpec } from "../facts/spec";
import type { HostWorld } from "../world";
import { alive, type BlockDevices, type KnownDevice } from "./devices";
import { type Enclosure, enclosuresOf } from "./enclosures";
import { addPhys, addShelves, hostFolder, scsiFolder } from "./sas";
import { adaptersOf, boardPorts } from "./spec";
import { load } from "./state";

/** Folders that hold nothing but what is written here. */
const own = [
  "/sys/block",
  "/sys/class/block",
  "/sys/class/enclosure",
  "/sys/class/sas_phy",
  "/sys/class/scsi_disk",
  "/sys/dev/block",
  "/sys/devices/virtual/block",
  "/sys/devices/virtual/enclosure",
];

/** "/sys/devices/..." -> its text, or the folder a link leads to. */
export interface Tree {
  files: Map<string, string>;
  links: Map<string, string>;
  folders: Set<string>;
  /** Which of them a disk is in is in its path. */
  enclosures: readonly Enclosure[];
}

const record = "sysfs-disks";

interface Written {
  files: Record<string, string>;
  links: Record<string, string>;
}

export function writeSysfs(world: HostWorld, devices: BlockDevices): void {
  const tree: Tree = {
    files: new Map(),
    links: new Map(),
    folders: new Set(own),
    enclosures: enclosuresOf(load(world)),
  };
  for (const device of devices.all()) {
    if (device.kind === "part") continue;
    addWhole(tree, world, device, devices);
  }
  addShelves(tree, devices);
  addPhys(tree, world, devices);
  write(world, tree);
}

/** Only what changed: a boot of a hundred disks is thousands of files. */
function write(world: HostWorld, tree: Tree): void {
  const before = world.load<Written>(record, { files: {}, links: {} });
  const files = Object.fromEntries(tree.files);
  const links = Object.fromEntries(tree.links);
  for (const path of [
    ...Object.keys(before.files),
    ...Object.keys(before.links),
  ])
    if (files[path] === undefined && links[path] === undefined)
      removeWithEmptyFolders(world, path);
  const made = new Set<string>();
  const folder = (path: string): void => {
    if (made.has(path)) return;
    made.add(path);
    mkdirSync(world.path(path), { recursive: true, mode: 0o755 });
  };
  for (const path of tree.folders) folder(path);
  for (const [path, text] of tree.files) {
    if (before.files[path] === text) continue;
    // Set by an operator or a tool: the locate light stays as it is.
    if (path.endsWith("/locate") && existsSync(world.path(path))) continue;
    folder(dirname(path));
    writeFileSync(world.path(path), text);
  }
  for (const [path, to] of tree.links) {
    if (before.links[path] === to) continue;
    folder(dirname(path));
    rmSync(world.path(path), { force: true });
    symlinkSync(linkText(path, to), world.path(path));
  }
  world.save(record, { files, links } satisfies Written);
}

/** The kernel names the end of a link even where it leads straight up. */
function linkText(path: string, to: string): string {
  const parent = dirname(to);
  return `${relative(dirname(path), parent)}/${basename(to)}`;
}

function removeWithEmptyFolders(world: HostWorld, path: string): void {
  rmSync(world.path(path), { force: true });
  for (let folder = dirname(path); folder !== "/sys"; folder = dirname(folder))
    try {
      rmdirSync(world.path(folder));
    } catch {
      return;
    }
}

/** The folder of a device below /sys/devices. */
function sysFolder(tree: Tree, device: KnownDevice): string {
  const [path] = device.paths;
  if (device.name.startsWith("dm-") || path === undefined)
    return `/sys/devices/virtual/block/${device.name}`;
  return `${scsiFolder(device, tree.enclosures)}/block/${device.name}`;
}

function addWhole(
  tree: Tree,
  world: HostWorld,
  device: KnownDevice,
  devices: BlockDevices,
): void {
  const folder = sysFolder(tree, device);
  const { spec } = device;
  addBlock(tree, device, folder);
  const queue: Record<string, string> = {
    rotational: spec.rotational ? "1" : "0",
    logical_block_size: "512",
    physical_block_size: "4096",
  };
  for (const [name, text] of Object.entries(queue))
    tree.files.set(`${folder}/queue/${name}`, `${text}\n`);
  tree.files.set(`${folder}/removable`, "0\n");
  tree.links.set(`/sys/block/${device.name}`, folder);
  if (device.wwid !== undefined) {
    tree.files.set(`${folder}/dm/name`, `${device.wwid}\n`);
    tree.files.set(`${folder}/dm/uuid`, `mpath-${device.wwid}\n`);
    tree.files.set(`${folder}/dm/suspended`, "0\n");
  } else addScsi(tree, world, device);
  for (const name of device.slaves) {
    const path = devices.find(`/dev/${name}`);
    if (path === undefined) continue;
    tree.links.set(`${folder}/slaves/${name}`, sysFolder(tree, path));
    tree.links.set(`${sysFolder(tree, path)}/holders/${device.name}`, folder);
  }
  for (const name of device.holders) {
    const part = devices.find(`/dev/${name}`);
    if (part?.kind !== "part" || part.partition === undefined) continue;
    if (device.kind === "mpath") {
      addMapPartition(tree, device, part);
      continue;
    }
    const at = `${folder}/${name}`;
    addBlock(tree, part, at);
    const { number, startBytes } = part.partition;
    tree.files.set(`${at}/partition`, `${number}\n`);
    tree.files.set(`${at}/start`, `${startBytes / 512}\n`);
  }
}

/** A map of its own upon the map. */
function addMapPartition(
  tree: Tree,
  map: KnownDevice,
  part: KnownDevice,
): void {
  const folder = sysFolder(tree, part);
  const number = part.partition?.number;
  addBlock(tree, part, folder);
  tree.files.set(`${folder}/dm/name`, `${map.wwid}-part${number}\n`);
  tree.files.set(`${folder}/dm/uuid`, `part${number}-mpath-${map.wwid}\n`);
  tree.files.set(`${folder}/dm/suspended`, "0\n");
  tree.links.set(`/sys/block/${part.name}`, folder);
  tree.links.set(`${folder}/slaves/${map.name}`, sysFolder(tree, map));
  tree.links.set(`${sysFolder(tree, map)}/holders/${part.name}`, folder);
}

function addBlock(tree: Tree, device: KnownDevice, folder: string): void {
  const [major, minor] = device.number;
  const number = `${major}:${minor}`;
  const isKernels = device.kind === "part" && !device.name.startsWith("dm-");
  const kind = isKernels ? "partition" : "disk";
  tree.files.set(`${folder}/dev`, `${number}\n`);
  tree.files.set(`${folder}/size`, `${device.sizeBytes / 512}\n`);
  tree.files.set(`${folder}/ro`, "0\n");
  tree.folders.add(`${folder}/holders`);
  if (!isKernels) tree.folders.add(`${folder}/slaves`);
  tree.files.set(
    `${folder}/uevent`,
    `MAJOR=${major}\nMINOR=${minor}\nDEVNAME=${device.name}\nDEVTYPE=${kind}\n`,
  );
  tree.links.set(`/sys/class/block/${device.name}`, folder);
  tree.links.set(`/sys/dev/block/${number}`, folder);
}

function addScsi(tree: Tree, world: HostWorld, device: KnownDevice): void {
  const folder = scsiFolder(device, tree.enclosures);
  const { spec } = device;
  const [path] = device.paths;
  if (path === undefined) return;
  const state = alive(world, path) ? "running" : "offline";
  const attributes: Record<string, string> = {
    vendor: spec.vendor.padEnd(8),
    model: spec.model.padEnd(16).slice(0, 16),
    rev: "0004",
    state,
    type: "0",
    scsi_level: "7",
    wwid: `naa.${spec.wwn.slice(2)}`,
    queue_depth: "254",
    timeout: "30",
  };
  for (const [name, text] of Object.entries(attributes))
    tree.files.set(`${folder}/${name}`, `${text}\n`);
  const address = path.address.join(":");
  tree.links.set(`${sysFolder(tree, device)}/device`, folder);
  tree.links.set(`/sys/class/scsi_disk/${address}`, folder);
  const host = `host${path.address[0]}`;
  const isBoard = adaptersOf(spec)[path.path] === boardPorts;
  const { hbas = [] } = world.load<Partial<FactsSpec>>("facts", {});
  // What is told of the HBA itself is more, and there without disks too.
  if (!hbas.some((hba) => `host${hba.host}` === host)) {
    const adapter = `${hostFolder(adaptersOf(spec)[path.path] ?? "", path.address[0])}/scsi_host/${host}`;
    tree.links.set(`/sys/class/scsi_host/${host}`, adapter);
    // As the driver calls cards of its second generation.
    tree.files.set(`${adapter}/proc_name`, isBoard ? "ahci\n" : "mpt2sas\n");
  }
  if (!isBoard) tree.folders.add(`/sys/class/sas_host/${host}`);
}

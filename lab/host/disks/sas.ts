import type { FactsSpec } from "../facts/spec";
import type { HostWorld } from "../world";
import type { BlockDevices, KnownDevice } from "./devices";
import type { Enclosure } from "./enclosures";
import { adaptersOf, boardPorts } from "./spec";
import { loadFaults } from "./state";
import type { Tree } from "./sysfs";

/** Lanes of a cable, and so phys of an adapter's port. */
const lanes = 4;
const adapterPhys = 8;

export const hostFolder = (adapter: string, host: number): string =>
  `/sys/devices/pci0000:00/${adapter}/host${host}`;

/** An expander with its own number at the adapter; a second one at the same port is behind the first. */
function expanderOf(
  enclosure: Enclosure,
  all: readonly Enclosure[],
): { folder: string; name: string; before?: Enclosure } {
  const mine = all.filter(({ adapter }) => adapter === enclosure.adapter);
  const name = `${enclosure.address[0]}:${mine.indexOf(enclosure)}`;
  const before = mine
    .slice(0, mine.indexOf(enclosure))
    .filter(({ port }) => port === enclosure.port)
    .at(-1);
  const { adapter, address, port } = enclosure;
  const above = before && expanderOf(before, all);
  const parent = above
    ? `${above.folder}/port-${above.name}:${before.slots + lanes}`
    : `${hostFolder(adapter, address[0])}/port-${address[0]}:${port}`;
  return { folder: `${parent}/expander-${name}`, name, before };
}

const deviceIn = (
  parent: string,
  number: string,
  [host, channel, target, lun]: readonly number[],
): string =>
  `${parent}/port-${number}/end_device-${number}/target${host}:${channel}:${target}/${host}:${channel}:${target}:${lun}`;

export function scsiFolder(
  { spec, paths: [path] }: KnownDevice,
  enclosures: readonly Enclosure[],
): string {
  const address = path?.address ?? [0, 0, 0, 0];
  const adapter = adaptersOf(spec)[path?.path ?? 0] ?? "";
  const [host, channel, target, lun] = address;
  const above = hostFolder(adapter, host);
  if (adapter === boardPorts)
    return `${above}/target${host}:${channel}:${target}/${host}:${channel}:${target}:${lun}`;
  const shelf = enclosures.find(
    ({ id, module }) => id === spec.enclosure?.id && module === path?.path,
  );
  // At the adapter itself; the first numbers are those of the ports.
  if (shelf === undefined)
    return deviceIn(above, `${host}:${adapterPhys + target}`, address);
  const { folder, name } = expanderOf(shelf, enclosures);
  return deviceIn(folder, `${name}:${spec.enclosure?.slot}`, address);
}

/** The `ses` driver shows each I/O module of a shelf as an enclosure. */
export function addShelves(tree: Tree, devices: BlockDevices): void {
  for (const enclosure of tree.enclosures) {
    const { name, slots, address } = enclosure;
    const expander = expanderOf(enclosure, tree.enclosures);
    const number = `${expander.name}:${slots + 2 * lanes}`;
    const folder = `${deviceIn(expander.folder, number, address)}/enclosure/${name}`;
    tree.links.set(`/sys/class/enclosure/${name}`, folder);
    tree.files.set(`${folder}/id`, `${enclosure.id}\n`);
    tree.files.set(`${folder}/components`, `${slots}\n`);
    for (let slot = 0; slot < slots; slot++) {
      const at = `${folder}/${slotName(slot)}`;
      const disk = diskIn(enclosure, slot, devices);
      const attributes: Record<string, string> = {
        active: "0",
        fault: "0",
        locate: "0",
        power_status: "on",
        slot: String(slot),
        status: disk === undefined ? "not installed" : "OK",
        type: "array device",
      };
      for (const [name, text] of Object.entries(attributes))
        tree.files.set(`${at}/${name}`, `${text}\n`);
      if (disk === undefined) continue;
      const device = scsiFolder(disk, tree.enclosures);
      tree.links.set(`${at}/device`, device);
      tree.links.set(`${device}/enclosure_device:${slotName(slot)}`, at);
    }
  }
}

function diskIn(
  { id, module }: Enclosure,
  slot: number,
  devices: BlockDevices,
): KnownDevice | undefined {
  return devices
    .all()
    .find(
      ({ kind, spec, paths }) =>
        kind === "disk" &&
        spec.enclosure?.id === id &&
        spec.enclosure.slot === slot &&
        paths[0]?.path === module,
    );
}

/** Adapters and expanders have phys, and those with something behind them a port. */
export function addPhys(
  tree: Tree,
  world: HostWorld,
  devices: BlockDevices,
): void {
  const { hbas = [] } = world.load<Partial<FactsSpec>>("facts", {});
  const { links = {} } = loadFaults(world);
  const adapters = new Map([
    ...tree.enclosures.map(
      ({ adapter, address }) => [adapter, address[0]] as const,
    ),
    ...hbas.map(({ pci, host }) => [pci, host] as const),
  ]);
  for (const [adapter, host] of adapters) {
    const folder = hostFolder(adapter, host);
    for (let phy = 0; phy < adapterPhys; phy++) {
      const port = Math.floor(phy / lanes);
      const isUsed = tree.enclosures.some(
        (item) => item.adapter === adapter && item.port === port,
      );
      addPhy(tree, folder, `${host}:${phy}`, isUsed && `${host}:${port}`);
    }
  }
  for (const enclosure of tree.enclosures) {
    const { folder, name } = expanderOf(enclosure, tree.enclosures);
    const next = tree.enclosures.find(
      (other) => expanderOf(other, tree.enclosures).before === enclosure,
    );
    const { slots } = enclosure;
    for (let phy = 0; phy < slots + 2 * lanes; phy++) {
      const disk = diskIn(enclosure, phy, devices);
      const isNext = next !== undefined && phy >= slots + lanes;
      const port = disk ? phy : isNext ? slots + lanes : undefined;
      addPhy(
        tree,
        folder,
        `${name}:${phy}`,
        port !== undefined && `${name}:${port}`,
        disk && links[disk.serial],
      );
    }
  }
}

function addPhy(
  tree: Tree,
  parent: string,
  name: string,
  port: string | false,
  errors = 0,
): void {
  const device = `${parent}/phy-${name}`;
  const folder = `${device}/sas_phy/phy-${name}`;
  const attributes = {
    negotiated_linkrate: port ? "6.0 Gbit" : "Unknown",
    invalid_dword_count: errors,
    running_disparity_error_count: errors,
    loss_of_dword_sync_count: Math.floor(errors / 10),
    phy_reset_problem_count: 0,
  };
  for (const [key, value] of Object.entries(attributes))
    tree.files.set(`${folder}/${key}`, `${value}\n`);
  tree.links.set(`/sys/class/sas_phy/phy-${name}`, folder);
  tree.links.set(`${folder}/device`, device);
  if (port) tree.links.set(`${device}/port`, `${parent}/port-${port}`);
}

function slotName(slot: number): string {
  return `Slot ${String(slot).padStart(2, "0")}`;
}

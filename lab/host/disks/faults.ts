import type { HostWorld } from "../world";
import { change, changeFaults, dealMissing, load } from "./state";
import { settle } from "./udev";

export const diskFaultKinds = {
  pulled: "it is out of its slot, and its names are gone",
  back: "it is in its slot again",
  failing: "its SMART says that it fails, with defects and errors",
  asleep: "it has spun down",
  mended: "it is well and awake, and its link has counted nothing",
  "link-errors": "its link counts NUMBER errors more (25)",
  slot: "it is in slot NUMBER of its shelf; what was there is in its own",
} as const;

export type DiskFault = keyof typeof diskFaultKinds;

/** By serial number or WWN; answers what is so now. */
export function bendDisk(
  world: HostWorld,
  fault: DiskFault,
  disk: string,
  number?: number,
): string {
  switch (fault) {
    case "pulled":
      pullDisk(world, disk);
      break;
    case "back":
      insertDisk(world, disk);
      break;
    case "failing":
    case "asleep":
    case "mended":
      setHealth(world, disk, fault);
      break;
    case "link-errors":
      countErrors(world, disk, number ?? 25);
      break;
    case "slot":
      if (number === undefined) throw new Error("say which slot: slot NUMBER");
      moveDisk(world, disk, number);
      break;
    default:
      throw new Error(
        `there is no fault "${fault}", known are ${Object.keys(diskFaultKinds).join(", ")}`,
      );
  }
  return `disk ${disk} of ${world.name}: ${diskFaultKinds[fault].replace("NUMBER", `${number ?? 25}`).replace(" (25)", "")}`;
}

function setHealth(
  world: HostWorld,
  disk: string,
  health: "failing" | "asleep" | "mended",
): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    faults.smart ??= {};
    for (const serial of serials) {
      if (health === "mended") {
        delete faults.smart[serial];
        delete faults.links?.[serial];
      } else faults.smart[serial] = health;
    }
  });
  settle(world);
}

function countErrors(world: HostWorld, disk: string, errors: number): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    faults.links ??= {};
    for (const serial of serials)
      faults.links[serial] = (faults.links[serial] ?? 0) + errors;
  });
  settle(world);
}

/** Out, and into another slot: the kernel gives it new names. */
function moveDisk(world: HostWorld, disk: string, slot: number): void {
  const [serial] = serialsOf(world, disk);
  const { disks } = load(world);
  const from = disks.find((spec) => spec.serial === serial)?.enclosure;
  if (from === undefined) throw new Error(`Disk ${disk} is in no shelf.`);
  const moved = disks.filter(
    ({ enclosure }) =>
      enclosure?.id === from.id && [from.slot, slot].includes(enclosure.slot),
  );
  for (const spec of moved) pullDisk(world, spec.serial);
  change(world, (state) => {
    for (const { enclosure } of state.disks)
      if (enclosure?.id === from.id) {
        if (enclosure.slot === from.slot) enclosure.slot = slot;
        else if (enclosure.slot === slot) enclosure.slot = from.slot;
      }
  });
  for (const spec of moved) insertDisk(world, spec.serial);
}

/** Out of its slot: its names vanish, and reads that were on the way get EIO. */
export function pullDisk(world: HostWorld, disk: string): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    faults.pulled = [...new Set([...faults.pulled, ...serials])];
  });
  dealMissing(world);
  settle(world);
}

/** Back in its slot: under the first names that are free. */
export function insertDisk(world: HostWorld, disk: string): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    faults.pulled = faults.pulled.filter((has) => !serials.includes(has));
  });
  dealMissing(world);
  settle(world);
}

/** Path 0 or 1 goes: its device stays, offline, and reads from it get EIO. */
export function losePath(world: HostWorld, disk: string, path: number): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    for (const serial of serials) faults.offline.push({ serial, path });
  });
  settle(world);
}

export function restorePath(
  world: HostWorld,
  disk: string,
  path: number,
): void {
  const serials = serialsOf(world, disk);
  changeFaults(world, (faults) => {
    faults.offline = faults.offline.filter(
      (lost) => lost.path !== path || !serials.includes(lost.serial),
    );
  });
  settle(world);
}

/** All with this serial number or WWN. */
function serialsOf(world: HostWorld, disk: string): string[] {
  const serials = load(world)
    .disks.filter(({ serial, wwn }) => serial === disk || wwn === disk)
    .map(({ serial }) => serial);
  if (serials.length === 0)
    throw new Error(`No disk ${disk} is in ${world.name}.`);
  return serials;
}

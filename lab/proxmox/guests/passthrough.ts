import { die } from "../failure";
import { devicesOn, mappingOf, mismatch } from "../mappings";
import type { Guest } from "../world";
import { parseHostpci } from "./device-formats";
import type { Place } from "./drives";

/**
 * The host's functions that the guest gets by its mappings, of several the
 * first that is free. As choose_hostpci_devices of PVE's QemuServer/PCI.pm.
 */
export function functionsFor(place: Place, guest: Guest): string[] {
  const { world, node } = place;
  const owners = new Map<string, number>();
  for (const other of world.guests.values()) {
    if (other.vmid === guest.vmid || other.node !== node.name) continue;
    if (other.status !== "running") continue;
    for (const path of other.functions ?? []) owners.set(path, other.vmid);
  }
  const taken = new Set<string>();
  for (const [key, value] of Object.entries(guest.config)) {
    if (!/^hostpci\d+$/.test(key)) continue;
    const choices = choicesOf(place, guest, parseHostpci(String(value)));
    const only = choices.length === 1 ? choices[0] : undefined;
    const isFree = (paths: string[]) =>
      paths.every((path) => !owners.has(path) && !taken.has(path));
    const chosen = only ?? choices.find(isFree);
    if (chosen === undefined)
      throw die(`could not find a free device for '${key}'`);
    for (const path of chosen) {
      if (taken.has(path))
        throw die(`PCI device '${path}' assigned more than once`);
      const owner = owners.get(path);
      if (owner !== undefined)
        throw die(`PCI device '${path}' already in use by VMID '${owner}'`);
      taken.add(path);
    }
  }
  return [...taken];
}

function choicesOf(
  { world, node }: Place,
  guest: Guest,
  { mapping: name, host }: ReturnType<typeof parseHostpci>,
): string[][] {
  if (name === undefined) return [(host ?? "").split(";")];
  const mapping = mappingOf(world, guest.cluster, "pci", name);
  const devices = mapping ? devicesOn(mapping, node.name) : [];
  if (mapping === undefined || devices.length === 0)
    throw die(`PCI device mapping not found for '${name}'`);
  return devices.map((device) => {
    const wrong = mismatch(mapping, device, world, node);
    if (wrong)
      throw die(
        `PCI device mapping invalid (hardware probably changed): ${wrong}`,
      );
    return (device.path ?? "").split(";");
  });
}

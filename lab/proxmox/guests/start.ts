import { die } from "../failure";
import { saveGuest } from "../guest-config";
import { parse } from "../property-strings";
import { existingVolume } from "../volumes";
import type { Guest } from "../world";
import {
  customFiles,
  megabytes,
  parseHostpci,
  parseNetwork,
  parseUsb,
} from "./device-formats";
import { drivesOf, type Place } from "./drives";
import { applyPending, regenerate } from "./pending";

/** What waits is applied, the cloud-init drive is written anew, and the host has to have everything. */
export function start(place: Place, guest: Guest): void {
  if (guest.config.template === 1)
    throw die("you can't start a vm if it's a template");
  applyPending(place, guest);
  saveGuest(place.world, guest);
  checkHost(place, guest);
  regenerate(guest);
  guest.status = "running";
  guest.startedAt = Date.now();
  saveGuest(place.world, guest);
}

/** A guest that ends takes what waits at once. */
export function stop(place: Place, guest: Guest): void {
  guest.status = "stopped";
  applyPending(place, guest);
  saveGuest(place.world, guest);
}

function checkHost(place: Place, guest: Guest): void {
  const { node } = place;
  const { config } = guest;
  for (const [key, value] of Object.entries(config)) {
    if (/^net\d+$/.test(key)) {
      const { bridge } = parseNetwork(String(value));
      if (bridge !== undefined && !node.bridges.includes(bridge))
        throw die(`bridge '${bridge}' does not exist`);
    }
    if (/^(usb|hostpci)\d+$/.test(key)) checkMapping(place, guest, key);
  }
  for (const [, { file = "" }] of drivesOf(config))
    if (file.includes(":")) existingVolume(node, file);
  for (const file of config.cicustom
    ? customFiles(String(config.cicustom))
    : [])
    existingVolume(node, file);
  if (megabytes(config.memory) * 2 ** 20 > node.memoryBytes) {
    throw die(
      "kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory",
    );
  }
  if (Number(config.cores ?? 1) * Number(config.sockets ?? 1) > node.cores) {
    throw die(`MAX ${node.cores} vcpus allowed per VM on this node`);
  }
}

function checkMapping({ world, node }: Place, guest: Guest, key: string): void {
  const isUsb = key.startsWith("usb");
  const text = String(guest.config[key]);
  const { mapping } = isUsb ? parseUsb(text) : parseHostpci(text);
  if (mapping === undefined) return;
  const kind = isUsb ? "usb" : "pci";
  const entries =
    world.mappings.get(`${guest.cluster}/${kind}/${mapping}`)?.map ?? [];
  if (entries.some((entry) => parse(entry, "").node === node.name)) return;
  throw die(
    `${isUsb ? "USB" : "PCI"} device mapping not found for '${mapping}'`,
  );
}

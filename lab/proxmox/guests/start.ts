import { die } from "../failure";
import { saveGuest } from "../guest-config";
import { devicesOn, mappingOf } from "../mappings";
import { existingVolume } from "../volumes";
import type { Guest } from "../world";
import {
  customFiles,
  megabytes,
  parseNetwork,
  parseUsb,
} from "./device-formats";
import { drivesOf, type Place } from "./drives";
import { functionsFor } from "./passthrough";
import { applyPending, regenerate } from "./pending";

/** What waits is applied, the cloud-init drive is written anew, and the host has to have everything. */
export function start(place: Place, guest: Guest): void {
  if (guest.config.template === 1)
    throw die("you can't start a vm if it's a template");
  applyPending(place, guest);
  saveGuest(place.world, guest);
  checkHost(place, guest);
  const functions = functionsFor(place, guest);
  guest.functions = functions.length > 0 ? functions : undefined;
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
    if (/^usb\d+$/.test(key)) checkMapping(place, guest, String(value));
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

function checkMapping({ world, node }: Place, guest: Guest, text: string) {
  const { mapping: name } = parseUsb(text);
  if (name === undefined) return;
  const mapping = mappingOf(world, guest.cluster, "usb", name);
  if (mapping && devicesOn(mapping, node.name).length > 0) return;
  throw die(`USB device mapping not found for '${name}'`);
}

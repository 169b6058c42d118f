import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import type { HostWorld } from "../world";
import { BlockDevices } from "./devices";
import { writeSysfs } from "./sysfs";

const folders = ["disk/by-id", "disk/by-path", "mapper"];

/**
 * Nodes and links below /dev, and /sys, as the devices are now. A node is an
 * empty file: what is on a device is read by the tools, never through it.
 */
export function settle(world: HostWorld): void {
  const devices = new BlockDevices(world, () => {});
  const dev = world.path("/dev");
  const nodes = new Set(devices.all().map(({ name }) => name));
  const links = new Map<string, string>();
  for (const device of devices.all())
    for (const link of devices.links(device))
      links.set(link.slice("/dev/".length), device.name);
  mkdirSync(dev, { recursive: true });
  for (const name of readdirSync(dev))
    if (/^(sd[a-z]+\d*|dm-\d+)$/.test(name) && !nodes.has(name))
      rmSync(join(dev, name));
  for (const name of nodes)
    if (!existsSync(join(dev, name))) writeFileSync(join(dev, name), "");
  for (const folder of folders) {
    const path = join(dev, folder);
    mkdirSync(path, { recursive: true });
    for (const name of readdirSync(path)) {
      const link = `${folder}/${name}`;
      const device = links.get(link);
      if (
        device !== undefined &&
        readlinkSync(join(dev, link)) === target(link, device)
      )
        links.delete(link);
      else if (name !== "control") rmSync(join(dev, link));
    }
  }
  for (const [link, device] of links)
    symlinkSync(target(link, device), join(dev, link));
  writeFileSync(join(dev, "mapper/control"), "");
  writeSysfs(world, devices);
}

function target(link: string, device: string): string {
  return relative(dirname(link), device);
}

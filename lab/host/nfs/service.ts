import { readFileSync, rmSync } from "node:fs";
import { isIP } from "node:net";
import type { HostWorld } from "../world";
import { readEtab, writeEtab } from "./etab";
import { type Export, readFiles } from "./exports";

const versionsFile = "/proc/fs/nfsd/versions";
const threadsFile = "/proc/fs/nfsd/threads";

/** What `systemctl start nfs-server` does; the failure of a file of exports is none of the unit. */
export function startServer(world: HostWorld): void {
  refreshExports(world);
  world.put(versionsFile, `${versionsOf(world).join(" ")}\n`);
  world.put(threadsFile, "8\n");
}

/** What `systemctl stop nfs-server` does: everything is unexported. */
export function stopServer(world: HostWorld): void {
  writeEtab(world, []);
  for (const file of [versionsFile, threadsFile])
    rmSync(world.path(file), { force: true });
}

/** What `systemctl reload nfs-server` does. */
export function refreshExports(world: HostWorld): void {
  const seen = new Map<string, Export>();
  for (const item of readFiles(world, () => undefined)) {
    const key = `${item.client}:${item.path}`;
    if (!seen.has(key)) seen.set(key, item);
  }
  writeEtab(world, [...seen.values()]);
}

export function isServing(world: HostWorld): boolean {
  return readText(world, threadsFile) !== undefined;
}

/** As /etc/nfs.conf has them switched: "+3 +4 -4.0 +4.1 +4.2". */
function versionsOf(world: HostWorld): string[] {
  const configuration = readText(world, "/etc/nfs.conf") ?? "";
  const [, section = ""] = /^\[nfsd\]$([^[]*)/m.exec(configuration) ?? [];
  return ["3", "4", "4.0", "4.1", "4.2"].map((version) => {
    const line = new RegExp(`^\\s*vers${version}\\s*=\\s*(\\S+)`, "mi");
    const [, value = "y"] = line.exec(section) ?? [];
    return `${/^(n|no|f|false|off|0)$/i.test(value) ? "-" : "+"}${version}`;
  });
}

function readText(world: HostWorld, path: string): string | undefined {
  try {
    return readFileSync(world.path(path), "utf8");
  } catch {
    return undefined;
  }
}

/**
 * What a client at an address gets of a path: the first export that names it.
 * Undefined: nothing, also where the directory is not the mount point that the
 * export asks for.
 */
export function exportedTo(
  world: HostWorld,
  path: string,
  address: string,
  isMountpoint: (path: string) => boolean,
): Export | undefined {
  return readEtab(world).find(
    ({ path: exported, client, options: { mountpoint } }) =>
      exported === path &&
      matches(client, address) &&
      (mountpoint === undefined || isMountpoint(mountpoint || path)),
  );
}

function matches(client: string, address: string): boolean {
  if (client === "*" || client === address) return true;
  const [network = "", length] = client.split("/");
  if (length === undefined || isIP(network) !== 4 || isIP(address) !== 4)
    return false;
  const bits = length.includes(".") ? maskBits(length) : Number(length);
  const shift = 2 ** (32 - bits);
  return (
    Math.floor(number(network) / shift) === Math.floor(number(address) / shift)
  );
}

function maskBits(mask: string): number {
  return number(mask).toString(2).replaceAll("0", "").length;
}

function number(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { root } from "./lab-command";

interface Manifest {
  site: { id: string };
  proxmox: { hosts: { host: string; node?: string; cluster?: string }[] };
  guests: { name: string; memory: string }[];
}

/** The dev site with these guests only, changed by `change`. */
export function writeSite(
  folder: string,
  guests: string[],
  change: (site: Manifest) => void = () => undefined,
): string {
  const site = parse(
    readFileSync(join(root, "environments/dev.yaml"), "utf8"),
  ) as Manifest;
  site.guests = site.guests.filter(({ name }) => guests.includes(name));
  change(site);
  const file = join(folder, "site.yaml");
  writeFileSync(file, stringify(site));
  return file;
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { root } from "./lab-command";

interface Manifest {
  site: { id: string };
  proxmox: { hosts: { host: string; node?: string; cluster?: string }[] };
  guests: { name: string; memory: string }[];
  networks: { dhcp?: object; wan?: unknown; allow?: object[] }[];
  storage?: object;
  qat?: object;
  time?: object;
  dns?: object;
  wan?: object;
  router?: { guest: string };
}

/**
 * The dev site with these guests only, changed by `change`; it routes with its
 * router, and nothing is stored on its shelves or written to its machines.
 */
export function writeSite(
  folder: string,
  guests: string[],
  change: (site: Manifest) => void = () => undefined,
): string {
  const site = parse(
    readFileSync(join(root, "environments/dev.yaml"), "utf8"),
  ) as Manifest;
  for (const area of ["storage", "qat", "time", "dns"] as const)
    delete site[area];
  site.guests = site.guests.filter(({ name }) => guests.includes(name));
  if (!guests.includes(site.router?.guest ?? "")) {
    delete site.wan;
    delete site.router;
    for (const network of site.networks) {
      delete network.dhcp;
      delete network.wan;
      delete network.allow;
    }
  }
  change(site);
  const file = join(folder, "site.yaml");
  writeFileSync(file, stringify(site));
  return file;
}

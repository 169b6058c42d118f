import { mkdirSync, rmSync } from "node:fs";
import type { HostWorld, Tool } from "../../lab/host";
import {
  bootUnits,
  installUnits,
  systemctl,
  type UnitEffects,
} from "../../lab/host/coreutils/systemd";
import {
  tools as nfs,
  refreshExports,
  startServer,
  stopServer,
} from "../../lab/host/nfs";
import { provider as nfsExports } from "../../providers/storage/nfs-exports/lifecycle";
import { testHost } from "./host";
import { type ResourceHost, resourceHost, runTool } from "./resource-host";

type Values = Record<string, unknown>;

export const exportsEntry = (changes: Values = {}): Values => ({
  path: "/tank/vm",
  dataset: "tank/vm",
  clients: ["10.0.40.11", "10.0.41.0/24"],
  access: "rw",
  squash: "none",
  ...changes,
});

export const exportsInputs = (changes: Values = {}): Values => ({
  owner: "site/NfsExports/vm",
  host: "storage",
  name: "vm",
  entries: [exportsEntry()],
  ...changes,
});

export interface NfsHost extends ResourceHost {
  run(line: string): Promise<string>;
  /** Lines of `exportfs -s`. */
  exported(): Promise<string[]>;
  /** As before the first export. */
  clean(): void;
}

/** A machine with the mounted datasets "tank/vm" and "tank/iso". */
export async function exportsHost(): Promise<NfsHost> {
  const zfs = datasets();
  const units: UnitEffects = {
    "nfs-server.service": {
      start: startServer,
      reload: refreshExports,
      stop: stopServer,
    },
  };
  const tools: Record<string, Tool> = {
    ...nfs,
    ...zfs,
    systemctl: systemctl(units),
  };
  const boot = (world: HostWorld) => {
    installUnits(world, Object.keys(units));
    bootUnits(world, units);
  };
  const host = await testHost({ login: "ops", spec: { tools, boot } });
  for (const path of ["/tank/vm", "/tank/iso", "/srv"])
    mkdirSync(host.world.path(path), { recursive: true });
  const resource = resourceHost(host, nfsExports);
  const run = (line: string) => runTool(tools, host.world, line);
  return {
    ...resource,
    run,
    exported: async () =>
      (await run("exportfs -s")).split("\n").filter(Boolean),
    clean() {
      host.lab.faults.clear();
      host.world.put("/etc/exports", "");
      host.world.put("/var/lib/nfs/etab", "");
      const folder = host.world.path("/etc/exports.d");
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      resource.told();
    },
  };
}

/** As much of ZFS as an export asks for. */
function datasets(): Record<string, Tool> {
  const mounted = new Set(["tank/vm", "tank/iso"]);
  const known = [...mounted];
  return {
    zpool: () => 2,
    zfs: ({ words, stdout, stderr }) => {
      const dataset = words.at(-1) ?? "";
      if (!known.includes(dataset)) {
        stderr.write(`cannot open '${dataset}': dataset does not exist\n`);
        return 1;
      }
      if (words[0] === "unmount") mounted.delete(dataset);
      else if (words[0] === "mount") mounted.add(dataset);
      else {
        const state = mounted.has(dataset) ? "yes" : "no";
        stdout.write(
          `${dataset}\tmountpoint\t/${dataset}\tdefault\n${dataset}\tmounted\t${state}\t-\n`,
        );
      }
      return 0;
    },
  };
}

import { readFileSync } from "node:fs";
import { bootStorage, storageTools } from "../../lab/host/storage-machine";
import { provider as iscsiTarget } from "../../providers/storage/iscsi-target/lifecycle";
import { testHost } from "./host";
import { type ResourceHost, resourceHost } from "./resource-host";
import { fourDisks, id } from "./zfs-machine";

type Values = Record<string, unknown>;

export const iqn = "iqn.2026-01.net.example:disks";
export const one = "iqn.1993-08.org.debian:01:one";
export const two = "iqn.1993-08.org.debian:01:two";
export const saved = "/etc/rtslib-fb-target/saveconfig.json";
export const passwords = [
  "canary-of-initiator-one",
  "canary-of-the-target",
  "canary-of-initiator-two",
];

export const targetInputs = (changes: Values = {}): Values => ({
  owner: "site/IscsiTarget/disks",
  host: "storage",
  name: "disks",
  iqn,
  portals: [{ address: "10.0.20.10" }],
  luns: [
    { lun: 0, volume: "tank/a" },
    { lun: 1, volume: "tank/b" },
  ],
  initiators: [{ iqn: one }, { iqn: two, luns: [1], access: "ro" }],
  credentials: {
    [one]: {
      username: "one",
      password: passwords[0],
      mutual: { username: "disks", password: passwords[1] },
    },
    [two]: { username: "two", password: passwords[2] },
  },
  ...changes,
});

interface SavedTarget {
  wwn: string;
  tpgs: {
    enable: boolean;
    attributes: Record<string, number>;
    parameters: Record<string, string>;
    luns: { index: number; storage_object: string }[];
    portals: { ip_address: string; port: number }[];
    node_acls: {
      node_wwn: string;
      mapped_luns: {
        index: number;
        tpg_lun: number;
        write_protect: boolean;
      }[];
    }[];
  }[];
}

export interface Saved {
  storage_objects: { name: string; dev: string; wwn: string }[];
  targets: SavedTarget[];
}

export interface TargetHost extends ResourceHost {
  /** At the machine, past the wire; throws when it fails. */
  run(line: string): Promise<string>;
  /** What is served now. */
  live(): Promise<Saved>;
  saved(): Saved;
  text(path: string): string;
  /** As before the first target. */
  clean(): Promise<void>;
}

/** A machine with the volumes tank/a, tank/b and tank/c. */
export async function targetHost(): Promise<TargetHost> {
  const host = await testHost({
    spec: {
      tools: storageTools,
      boot: (world) => bootStorage(world, fourDisks),
    },
  });
  const resource = resourceHost(host, iscsiTarget);
  const run = async (line: string) =>
    String(await host.lab.control({ do: "run", words: line.split(" ") }));
  await run(`zpool create tank mirror ${id(1)} ${id(2)}`);
  for (const name of ["a", "b", "c"])
    await run(`zfs create -V 64M tank/${name}`);
  const text = (path: string) => readFileSync(host.world.path(path), "utf8");
  return {
    ...resource,
    run,
    text,
    async live() {
      await run("targetctl save /tmp/live.json");
      const found = text("/tmp/live.json");
      // It has the secrets that a test looks for elsewhere.
      await run("rm --force -- /tmp/live.json");
      return JSON.parse(found) as Saved;
    },
    saved: () => JSON.parse(text(saved)) as Saved,
    async clean() {
      host.lab.faults.clear();
      await run("targetctl clear");
      await run(`rm --force -- ${saved} /root/.targetcli/log.txt`);
      await run("targetcli set global auto_add_default_portal=true");
      await run("systemctl enable rtslib-fb-targetctl.service");
      resource.told();
    },
  };
}

/** Lists in one order, and without what is random. */
export function sortedTree(value: unknown): string {
  const walk = (item: unknown): unknown => {
    if (Array.isArray(item))
      return item
        .map(walk)
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (item === null || typeof item !== "object") return item;
    return Object.fromEntries(
      Object.entries(item).map(([key, inner]) => [
        key,
        key === "alias" ? "" : walk(inner),
      ]),
    );
  };
  return JSON.stringify(walk(value), null, 1);
}

import type { HostWorld } from "../../lab/host";
import {
  bootDisks,
  type Content,
  tools as diskTools,
  fillDisk,
  fingerprint,
  installDisks,
  installMultipath,
  multipathTools,
  pullDisk,
} from "../../lab/host/disks";
import { bootZfs, configureZfs, tools as zfsTools } from "../../lab/host/zfs";
import { loadPool, savePool } from "../../lab/host/zfs/pool";
import { EngineWatch } from "../../providers/dynamic/engine";
import { provider } from "../../providers/storage/zfs-pool/lifecycle";
import { type TestHost, testHost } from "./host";
import { configured, type Provider } from "./provider";

type Values = Record<string, unknown>;

const digits = (number: number) => `${number}`.padStart(2, "0");
export const wwn = (number: number) => `0x5000c500000000${digits(number)}`;
export const serial = (number: number) => `ZC1${digits(number)}`;
/** The disk with one path. */
export const disk = (number: number) => `/dev/disk/by-id/wwn-${wwn(number)}`;
/** The disk with two paths, where multipath holds it. */
export const map = (number: number) => `/dev/mapper/3${wwn(number).slice(2)}`;
export const mirror = (...numbers: number[]) => ({
  type: "mirror",
  disks: numbers.map(disk),
});

export const tank = (changes: Values = {}): Values => ({
  owner: "site/ZfsPool/tank",
  host: "storage",
  name: "tank",
  vdevs: [mirror(1, 2)],
  ashift: 12,
  ...changes,
});

export interface PoolHostOptions {
  version?: string;
  /** Of the disks from number 1 on; larger ones are told by number. */
  disks?: number;
  paths?: 1 | 2;
  large?: readonly number[];
  small?: readonly number[];
  resilverMs?: number;
  directory?: string;
}

/** As MultipathMap would: only disks that are named are held. */
function prepareMultipath(world: HostWorld): void {
  world.put(
    "/etc/multipath.conf",
    "defaults {\n  find_multipaths strict\n  user_friendly_names no\n}\n",
  );
  world.put("/etc/multipath/wwids", "");
  installMultipath(world);
}

const mebibyte = 1024 * 1024;

export interface PoolHost extends TestHost {
  pools: Provider;
  /** What a command prints. */
  run(...words: [string, ...string[]]): Promise<string>;
  create(inputs?: Values): Promise<{ id: string; props: Values }>;
  /** Whether a refresh and a preview after it find nothing to do. */
  isQuiet(id: string, props: Values, inputs: Values): Promise<boolean>;
  /** Of every disk by its serial number. */
  fingerprint(): Record<string, string>;
  fill(number: number, content: Content): void;
  pull(number: number): void;
  /** As if the time that a resilver takes had passed. */
  endScan(guid: string): void;
  /** Has multipath make maps of them. */
  hold(...numbers: number[]): Promise<void>;
}

/** A machine with disks, all blank, and ZFS. */
export async function poolHost({
  version = "2.3.9",
  disks = 12,
  paths = 1,
  large = [],
  small = [],
  resilverMs = 100,
  directory,
}: PoolHostOptions = {}): Promise<PoolHost> {
  const spec = {
    disks: Array.from({ length: disks }, (_, index) => index + 1).map(
      (number) => ({
        wwn: wwn(number),
        serial: serial(number),
        vendor: "SEAGATE",
        model: "ST4000NM0023",
        sizeBytes:
          (large.includes(number) ? 4_096 : small.includes(number) ? 96 : 128) *
          mebibyte,
        rotational: true,
        paths,
      }),
    ),
  };
  const host = await testHost({
    login: "ops",
    directory,
    spec: {
      tools: { ...diskTools, ...multipathTools, ...zfsTools },
      boot(world) {
        installDisks(world, spec);
        if (paths === 2) prepareMultipath(world);
        bootDisks(world);
        configureZfs(world, { version, resilverMs, expandMs: resilverMs });
        bootZfs(world);
      },
    },
  });
  const pools = configured(
    provider(new EngineWatch(undefined)),
    host.configuration,
  );
  const { signal } = new AbortController();
  const { world } = host;
  return Object.assign(host, {
    fingerprint: () => fingerprint(world),
    fill: (number: number, content: Content) =>
      fillDisk(world, serial(number), content),
    pull: (number: number) => pullDisk(world, serial(number)),
    endScan: (guid: string) => {
      const pool = loadPool(world, guid);
      if (pool?.scan === undefined) throw new Error("No scan runs.");
      savePool(world, { ...pool, scan: { ...pool.scan, durationMs: 0 } });
    },
    hold: async (...numbers: number[]) => {
      for (const number of numbers) {
        const words = ["multipath", "-a", disk(number)] as const;
        await host.machine.run(words, { signal });
      }
      await host.machine.run(["multipath"], { signal });
    },
    pools,
    run: async (...words: [string, ...string[]]) =>
      (await host.machine.run(words, { signal })).stdout,
    create: async (inputs = tank()) => {
      const { id, outs = {} } = await pools.create(inputs);
      return { id, props: outs };
    },
    isQuiet: async (id: string, props: Values, inputs: Values) => {
      const found = await pools.read(id, props);
      const after = found.props ?? {};
      const { failures } = await pools.check(after, inputs);
      const { changes } = await pools.diff(id, after, inputs);
      return changes === false && failures?.length === 0;
    },
  });
}

import { z } from "zod";
import { errorsOf, type Pool, type Scan, type Vdev } from "./pool";

interface JsonVdev {
  name: string;
  vdev_type?: string;
  guid?: string;
  path?: string;
  was?: string;
  state?: string;
  read_errors?: string;
  write_errors?: string;
  checksum_errors?: string;
  vdevs?: Record<string, JsonVdev>;
}

const vdev: z.ZodType<JsonVdev> = z.object({
  name: z.string(),
  vdev_type: z.string().optional(),
  guid: z.string().optional(),
  path: z.string().optional(),
  was: z.string().optional(),
  state: z.string().optional(),
  read_errors: z.string().optional(),
  write_errors: z.string().optional(),
  checksum_errors: z.string().optional(),
  get vdevs() {
    return vdevs.optional();
  },
});
const vdevs = z.record(z.string(), vdev);

const work = z.object({
  state: z.string(),
  to_examine: z.string().optional(),
  issued: z.string().optional(),
  errors: z.string().optional(),
  to_reflow: z.string().optional(),
  reflowed: z.string().optional(),
  to_scan: z.string().optional(),
  rebuilt: z.string().optional(),
});

const status = z.object({
  pools: z
    .record(
      z.string(),
      z.object({
        name: z.string(),
        state: z.string(),
        // Its key has another name in the manual page than in releases.
        pool_guid: z.string().optional(),
        guid: z.string().optional(),
        status: z.string().optional(),
        scan_stats: work
          .extend({
            function: z.string(),
            rebuild_stats: z.record(z.string(), work).optional(),
          })
          .partial()
          .optional(),
        raidz_expand_stats: work.optional(),
        vdevs,
        special: vdevs.optional(),
        dedup: vdevs.optional(),
        logs: vdevs.optional(),
        l2cache: vdevs.optional(),
        spares: vdevs.optional(),
      }),
    )
    .optional(),
});

type JsonPool = NonNullable<z.output<typeof status>["pools"]>[string];

/** What `zpool status -jp` says; there may be no pool. */
export function parseStatusJson(text: string): Pool[] {
  if (text.trim() === "") return [];
  const { pools = {} } = status.parse(JSON.parse(text));
  return Object.values(pools).map((pool) => ({
    name: pool.name,
    guid: pool.pool_guid ?? pool.guid ?? "",
    health: pool.state,
    status: pool.status === "OK" ? undefined : pool.status,
    top: {
      data: Object.values(pool.vdevs).flatMap((root) => list(root.vdevs)),
      special: list(pool.special),
      dedup: list(pool.dedup),
      log: list(pool.logs),
      cache: list(pool.l2cache),
    },
    spares: list(pool.spares),
    scan: scanOf(pool),
  }));
}

function list(found: Record<string, JsonVdev> | undefined): Vdev[] {
  return Object.values(found ?? {}).map((item) => {
    const errors = errorsOf(
      item.read_errors,
      item.write_errors,
      item.checksum_errors,
    );
    return {
      name: item.name,
      type: typeOf(item),
      guid: item.guid ?? "",
      path: item.path ?? item.was,
      state: item.state ?? "UNKNOWN",
      ...(errors && { errors }),
      children: list(item.vdevs),
    };
  });
}

/** The number of parity disks stands only in the name. */
function typeOf({ name, vdev_type = "disk" }: JsonVdev): string {
  return vdev_type === "raidz" ? name.replace(/-\d+$/, "") : vdev_type;
}

function scanOf({
  scan_stats = {},
  raidz_expand_stats: expand,
}: JsonPool): Scan {
  if (expand?.state === "SCANNING") {
    return {
      running: "expansion",
      done: percent(expand.reflowed, expand.to_reflow),
    };
  }
  const rebuild = Object.values(scan_stats.rebuild_stats ?? {}).find(
    ({ state }) => state === "ACTIVE",
  );
  if (rebuild) {
    return {
      running: "resilver",
      done: percent(rebuild.rebuilt, rebuild.to_scan),
    };
  }
  const what = scan_stats.function?.toLowerCase();
  if (what === undefined || what === "none") return {};
  if (scan_stats.state === "SCANNING") {
    return {
      running: what,
      done: percent(scan_stats.issued, scan_stats.to_examine),
    };
  }
  return {
    last: `${what} ${scan_stats.state?.toLowerCase()} with ${scan_stats.errors ?? 0} errors`,
  };
}

function percent(part = "0", whole = "0"): number | undefined {
  const [done, all] = [Number(part), Number(whole)];
  return all > 0 ? Math.min(100, Math.floor((100 * done) / all)) : undefined;
}

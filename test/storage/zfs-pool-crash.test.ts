import type { HostFault } from "../../lab/host";
import {
  disk,
  mirror,
  type PoolHost,
  poolHost,
  tank,
} from "../support/zfs-pool";

type Values = Record<string, unknown>;
type Point = Pick<HostFault, "kind" | "match" | "after">;

let host: PoolHost;

// Each command is a process of its own.
jest.setTimeout(240_000);

beforeEach(async () => {
  jest.spyOn(process.stdout, "write").mockImplementation(() => true);
  host = await poolHost({ disks: 9 });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await host.stop();
});

const made = tank({ spares: [disk(9)], dataset: { compression: "lz4" } });
const news = tank({
  vdevs: [mirror(1, 3), mirror(4, 5)],
  spares: [disk(9)],
  add: [disk(4), disk(5)],
  replace: [{ old: disk(2), new: disk(3) }],
  dataset: { compression: "zstd" },
  properties: { autotrim: true },
});

/** One that only looks leaves the same behind before as after it. */
const looks = [
  "flock",
  "zpool status",
  "zpool import",
  "lsblk",
  "wipefs",
  "blkid",
  "cmp",
];
const looking = (match: string, after = 0): Point => ({
  kind: "cut-after",
  match,
  after,
});
const writing = (match: string): Point[] => [
  { kind: "cut-before", match },
  { kind: "cut-after", match },
];
const told = ({ kind, match, after }: Point): [string, Point] => [
  `${kind} of ${match}${after ? ` after ${after}` : ""}`,
  { kind, match, after },
];

const creating = [
  ...looks.map((match) => looking(match)),
  looking("zpool status", 1),
  ...writing("zpool create"),
].map(told);

const changing = [
  ...looks.map((match) => looking(match)),
  looking("zpool status", 2),
  looking("zpool get"),
  looking("zpool add -n"),
  ...["zfs set", "zpool set", "zpool add -o", "zpool replace"].flatMap(writing),
].map(told);

/** What the engine does with it: again, over what it recorded of the failure. */
async function update(id: string, props: Values): Promise<Values> {
  try {
    return (await host.pools.update(id, props, news)).outs ?? {};
  } catch {
    const again = await host.pools.update(id, { ...props, ...news }, news);
    return again.outs ?? {};
  }
}

async function hasNews(id: string, props: Values): Promise<void> {
  expect(await host.isQuiet(id, props, news)).toBe(true);
  const status = await host.run("zpool", "status", "-P");
  expect(status).not.toContain(disk(2));
  expect(status.match(new RegExp(disk(3), "g"))).toHaveLength(1);
}

test.each(creating)(
  "a creation whose connection goes (%s) makes one pool, by this run or the next",
  async (_what, point) => {
    host.fault(point);
    const first = await host.create(made).catch(() => undefined);
    expect(host.lab.faults.list).toEqual([]);
    const { id, props } = first ?? (await host.create(made));
    expect(await host.isQuiet(id, props, made)).toBe(true);
    const creations = host
      .commands()
      .filter((line) => line.includes("zpool create"));
    expect(creations).toHaveLength(
      point.match === "zpool create" && point.kind === "cut-before" ? 2 : 1,
    );
  },
);

test.each(changing)(
  "a change whose connection goes (%s) is finished by this run or the next",
  async (_what, point) => {
    const { id, props } = await host.create(made);
    host.fault(point);
    const outs = await update(id, props);
    expect(host.lab.faults.list).toEqual([]);
    await hasNews(id, outs);
  },
);

test.each(["zfs set", "zpool add -o", "zpool set", "zpool replace"])(
  "a change whose host loses its power (after %s) is finished by the next run",
  async (match) => {
    const { id, props } = await host.create(made);
    host.lab.faults.cut = () => host.lab.reboot();
    host.fault({ kind: "cut-after", match });
    const outs = await update(id, props);
    expect(host.lab.faults.list).toEqual([]);
    await hasNews(id, outs);
  },
);

test.each(
  ["forget", "destroy"].flatMap((how) =>
    (["cut-before", "cut-after"] as const).map((kind) => [how, kind] as const),
  ),
)(
  "a reply of %s that is lost (%s) is settled by looking",
  async (how, kind) => {
    const { id, props } = await host.create(made);
    const match = how === "forget" ? "zfs inherit" : "zpool destroy";
    host.fault({ kind, match });
    host.commands();
    // A pool that was taken over loses its mark when it is forgotten.
    const said = { [how === "destroy" ? "destroy" : "adopt"]: { guid: id } };
    await host.pools.delete(id, { ...props, ...said });
    const asked = host.commands().filter((line) => line.includes(match));
    expect(asked).toHaveLength(kind === "cut-before" ? 2 : 1);
    const left = await host.run("zpool", "list", "-H", "-o", "name");
    expect(left).toBe(how === "forget" ? "tank\n" : "");
  },
);

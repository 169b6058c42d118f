import {
  disk,
  mirror,
  type PoolHost,
  poolHost,
  tank,
} from "../support/zfs-pool";

type Values = Record<string, unknown>;

let host: PoolHost;
beforeEach(() => {
  jest.spyOn(process.stdout, "write").mockImplementation(() => true);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await host.stop();
});

const status = () => host.run("zpool", "status", "-P");

/** Every tool that is called once while `act` runs, without what the shell adds. */
async function callsOf(act: () => Promise<unknown>): Promise<number> {
  host.commands();
  await act();
  return host.commands().length;
}

const made = tank({
  vdevs: [mirror(1, 2)],
  spares: [disk(9)],
  dataset: { compression: "lz4" },
});
const news = tank({
  vdevs: [mirror(1, 3), mirror(4, 5)],
  spares: [disk(9)],
  add: [disk(4), disk(5)],
  replace: [{ old: disk(2), new: disk(3) }],
  dataset: { compression: "zstd", atime: false },
  properties: { autotrim: true },
});

const kinds = ["cut-before", "cut-after"] as const;

describe.each(kinds)("the connection goes (%s)", (kind) => {
  test("at any command of a creation: one pool, finished by this run or the next", async () => {
    host = await poolHost();
    const calls = await callsOf(() => host.create(made));
    await host.stop();
    expect(calls).toBeGreaterThan(10);
    for (let at = 0; at < calls; at += 1) {
      host = await poolHost();
      host.fault({ kind, match: "", after: at });
      const first = await host.create(made).catch(() => undefined);
      const { id, props } = first ?? (await host.create(made));
      expect([at, await host.isQuiet(id, props, made)]).toEqual([at, true]);
      expect((await host.run("zpool", "list", "-H", "-o", "guid")).trim()).toBe(
        id,
      );
      await host.stop();
    }
    host = await poolHost({ disks: 1 });
  }, 300_000);

  test("at any command of a change: the old or the new, and the next run finishes", async () => {
    host = await poolHost();
    const start = await host.create(made);
    const calls = await callsOf(() =>
      host.pools.update(start.id, start.props, news),
    );
    await host.stop();
    expect(calls).toBeGreaterThan(15);
    for (let at = 0; at < calls; at += 1) {
      host = await poolHost();
      const { id, props } = await host.create(made);
      host.fault({ kind, match: "", after: at });
      let outs: Values | undefined;
      try {
        outs = (await host.pools.update(id, props, news)).outs;
      } catch {
        // Partial: the state has the new inputs.
        outs = (await host.pools.update(id, { ...props, ...news }, news)).outs;
      }
      expect([at, await host.isQuiet(id, outs ?? {}, news)]).toEqual([
        at,
        true,
      ]);
      expect(await status()).not.toContain(disk(2));
      await host.stop();
    }
    host = await poolHost({ disks: 1 });
  }, 300_000);
});

test("the power goes between any two commands of a change, and the next run finishes", async () => {
  host = await poolHost();
  const start = await host.create(made);
  const calls = await callsOf(() =>
    host.pools.update(start.id, start.props, news),
  );
  await host.stop();
  for (let at = 0; at < calls; at += 2) {
    host = await poolHost();
    const { id, props } = await host.create(made);
    const { cut } = host.lab.faults;
    host.lab.faults.cut = () => host.lab.reboot();
    host.fault({ kind: "cut-after", match: "", after: at });
    let outs: Values | undefined;
    try {
      outs = (await host.pools.update(id, props, news)).outs;
    } catch {
      outs = (await host.pools.update(id, { ...props, ...news }, news)).outs;
    }
    host.lab.faults.cut = cut;
    expect([at, await host.isQuiet(id, outs ?? {}, news)]).toEqual([at, true]);
    await host.stop();
  }
  host = await poolHost({ disks: 1 });
}, 300_000);

test.each(["forget", "destroy"] as const)(
  "a lost reply of %s is settled by looking",
  async (how) => {
    for (const kind of kinds) {
      host = await poolHost();
      const { id, props } = await host.create(made);
      const match = how === "forget" ? "zfs inherit" : "zpool destroy";
      host.fault({ kind, match });
      host.commands();
      const destroy = how === "destroy" ? { destroy: { guid: id } } : {};
      await host.pools.delete(id, { ...props, ...destroy });
      const left = await host.run("zpool", "list", "-H", "-o", "name");
      expect(left).toBe(how === "forget" ? "tank\n" : "");
      expect(
        host.commands().filter((line) => line.includes(match)),
      ).toHaveLength(kind === "cut-before" ? 2 : 1);
      await host.stop();
    }
    host = await poolHost({ disks: 1 });
  },
);

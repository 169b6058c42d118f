import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fingerprint } from "../../lab/host/disks";
import { fillDisk } from "../../lab/host/disks/contents";
import { configureZfs } from "../../lab/host/zfs";
import { disk, id, ZfsMachine } from "../support/zfs-machine";

let machine: ZfsMachine;
beforeEach(() => {
  machine = new ZfsMachine([1, 2, 3, 4, 5, 6].map((number) => disk(number)));
  configureZfs(machine.world, { resilverMs: 600, scrubMs: 600, expandMs: 600 });
});
afterEach(() => machine.close());

const name = (number: number) => `wwn-${disk(number).wwn}`;
const health = async () =>
  (await machine.must("zpool list -H -o health tank")).trim();

interface JsonVdev {
  vdev_type: string;
  state: string;
  guid: string;
  not_present?: string;
  was?: string;
  vdevs?: Record<string, JsonVdev>;
}

async function pool() {
  const { pools } = (await machine.json("zpool status -jp")) as {
    pools: Record<
      string,
      {
        state: string;
        scan_stats?: Record<string, string>;
        raidz_expand_stats?: Record<string, string>;
        vdevs: { tank: JsonVdev };
        spares?: Record<string, JsonVdev>;
      }
    >;
  };
  const { tank } = pools;
  if (tank === undefined) throw new Error("no tank");
  return { ...tank, tops: tank.vdevs.tank.vdevs ?? {} };
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a replaced disk", () => {
  beforeEach(() => machine.must(`zpool create tank mirror ${id(1)} ${id(2)}`));

  test("stays beside the new one until the resilver is over", async () => {
    configureZfs(machine.world, { resilverMs: 30_000 });
    const before = (await pool()).tops["mirror-0"]?.guid;
    await machine.must(`zpool replace tank ${id(1)} ${id(3)}`);
    const during = await pool();
    expect(during.scan_stats).toMatchObject({
      function: "RESILVER",
      state: "SCANNING",
    });
    expect(during.tops["mirror-0"]?.vdevs?.["replacing-0"]).toMatchObject({
      vdev_type: "replacing",
      vdevs: { [name(1)]: {}, [name(3)]: { state: "ONLINE" } },
    });
    expect(await machine.must("zpool status")).toMatch(
      /scan: resilver in progress since .*\n\t.* issued.*\n\t.* resilvered, \d+\.\d\d% done, /,
    );
    expect((await pool()).tops["mirror-0"]?.guid).toBe(before);
  });

  test("is gone afterwards, and free for another pool", async () => {
    await machine.must(`zpool replace -w tank ${id(1)} ${id(3)}`);
    const { scan_stats, tops } = await pool();
    expect(scan_stats).toMatchObject({ state: "FINISHED", errors: "0" });
    expect(Object.keys(tops["mirror-0"]?.vdevs ?? {})).toEqual([
      name(3),
      name(2),
    ]);
    expect(await machine.must("zpool status")).toMatch(
      /scan: resilvered .* in 00:00:00 with 0 errors on /,
    );
    await machine.must(`zpool create other ${id(1)}`);
  });

  test("is found by its GUID when it is not there any more", async () => {
    machine.pull(1);
    machine.reboot();
    const [gone] = Object.values((await pool()).tops["mirror-0"]?.vdevs ?? {});
    expect(gone).toMatchObject({
      state: "CANT_OPEN",
      not_present: "1",
      was: `${id(1)}-part1`,
    });
    expect(await machine.must("zpool status")).toMatch(
      /^\t {4}\d+ +UNAVAIL +0 +0 +0 {2}was \/dev\/disk\/by-id\//m,
    );
    await machine.must(`zpool replace -w tank ${gone?.guid} ${id(3)}`);
    expect(await health()).toBe("ONLINE");
  });

  test("is not taken for a smaller one, which is labelled all the same", async () => {
    machine.close();
    machine = new ZfsMachine([
      disk(1),
      disk(2),
      disk(3, { sizeBytes: 256 * 1024 ** 2 }),
    ]);
    await machine.must(`zpool create tank mirror ${id(1)} ${id(2)}`);
    const before = fingerprint(machine.world);
    expect(
      await machine.run(`zpool replace tank ${id(1)} ${id(3)}`),
    ).toMatchObject({
      code: 1,
      err: `cannot replace ${id(1)} with ${id(3)}: device is too small\n`,
    });
    expect(fingerprint(machine.world)).not.toEqual(before);
  });

  test("by one with a file system is refused, and one with raw data is taken", async () => {
    fillDisk(machine.world, disk(3).serial, { kind: "ext4" });
    expect(
      await machine.run(`zpool replace tank ${id(1)} ${id(3)}`),
    ).toMatchObject({
      code: 1,
      err: expect.stringContaining("contains a filesystem of type 'ext4'"),
    });
    fillDisk(machine.world, disk(3).serial, { kind: "raw" });
    await machine.must(`zpool replace tank ${id(1)} ${id(3)}`);
  });
});

describe("a disk that fails", () => {
  test("leaves a mirror degraded, whose status still ends with 0", async () => {
    await machine.must(`zpool create tank mirror ${id(1)} ${id(2)}`);
    machine.pull(1);
    expect(await machine.run("zpool status")).toMatchObject({ code: 0 });
    expect(await health()).toBe("DEGRADED");
    expect((await pool()).tops["mirror-0"]?.vdevs?.[name(1)]?.state).toBe(
      "REMOVED",
    );
    machine.insert(1);
    await machine.must("zpool wait -t resilver tank");
    expect(await health()).toBe("ONLINE");
  });

  test("has a spare in its place, which goes back when it was replaced", async () => {
    await machine.must(
      `zpool create tank mirror ${id(1)} ${id(2)} spare ${id(5)}`,
    );
    expect((await pool()).spares?.[name(5)]?.state).toBe("AVAIL");
    machine.pull(1);
    const { spares, tops } = await pool();
    expect(tops["mirror-0"]?.vdevs?.["spare-0"]).toMatchObject({
      vdev_type: "spare",
      state: "DEGRADED",
      vdevs: { [name(1)]: { state: "REMOVED" }, [name(5)]: {} },
    });
    expect(spares?.[name(5)]?.state).toBe("INUSE");
    expect(await machine.must("zpool status")).toMatch(
      /INUSE {5}currently in use\n/,
    );
    await machine.must("zpool wait -t resilver tank");
    await machine.must(`zpool replace -w tank ${name(1)} ${id(6)}`);
    const after = await pool();
    expect(Object.keys(after.tops["mirror-0"]?.vdevs ?? {})).toEqual([
      name(6),
      name(2),
    ]);
    expect(after.spares?.[name(5)]?.state).toBe("AVAIL");
    expect(await health()).toBe("ONLINE");
  });

  test("takes a pool without redundancy with it", async () => {
    await machine.must(`zpool create tank ${id(1)}`);
    machine.pull(1);
    expect(await health()).toBe("SUSPENDED");
    expect(await machine.run("zpool export tank")).toMatchObject({ code: 1 });
    machine.reboot();
    expect(await machine.run("zpool list -H")).toMatchObject({ out: "" });
  });
});

describe("added vdevs", () => {
  beforeEach(() => machine.must(`zpool create tank mirror ${id(1)} ${id(2)}`));

  test("are shown by -n, and nothing is written", async () => {
    const before = fingerprint(machine.world);
    expect(
      await machine.must(`zpool add -n tank mirror ${id(3)} ${id(4)}`),
    ).toBe(
      `would update 'tank' to the following configuration:\n\n\ttank\n\t  mirror-0\n\t    ${name(1)}\n\t    ${name(2)}\n\t  mirror\n\t    ${name(3)}\n\t    ${name(4)}\n`,
    );
    expect(fingerprint(machine.world)).toEqual(before);
  });

  test("of another redundancy are refused", async () => {
    expect(await machine.run(`zpool add tank ${id(3)}`)).toMatchObject({
      code: 1,
      err: "invalid vdev specification\nuse '-f' to override the following errors:\nmismatched replication level: pool uses mirror and new vdev is disk\n",
    });
    await machine.must(`zpool add tank mirror ${id(3)} ${id(4)}`);
    expect(Object.keys((await pool()).tops)).toEqual(["mirror-0", "mirror-1"]);
  });

  test("stay in a raidz pool for good", async () => {
    await machine.must("zpool destroy tank");
    await machine.must(
      `zpool create -f tank raidz1 ${id(1)} ${id(2)} ${id(3)}`,
    );
    await machine.must(`zpool add tank spare ${id(5)}`);
    expect(await machine.run("zpool remove tank raidz1-0")).toMatchObject({
      code: 1,
      err: "cannot remove raidz1-0: invalid config; all top-level vdevs must have the same sector size and not be raidz.\n",
    });
    await machine.must(`zpool remove tank ${id(5)}`);
  });
});

describe("attach and detach", () => {
  test("make a mirror of a disk and a disk of a mirror", async () => {
    await machine.must(`zpool create -o ashift=13 tank ${id(1)}`);
    await machine.must(`zpool attach -w tank ${id(1)} ${id(2)}`);
    expect(Object.keys((await pool()).tops)).toEqual(["mirror-0"]);
    await machine.must(`zpool detach tank ${id(1)}`);
    expect(Object.keys((await pool()).tops)).toEqual([name(2)]);
    expect(
      await machine.must("zpool get -Hp -o name,value ashift tank all-vdevs"),
    ).toContain(`${name(2)}\t13\n`);
    expect(await machine.run(`zpool detach tank ${id(2)}`)).toMatchObject({
      code: 1,
      err: `cannot detach ${id(2)}: only applicable to mirror and replacing vdevs\n`,
    });
  });

  test("expand a raidz from 2.3 on", async () => {
    await machine.must(`zpool create tank raidz1 ${id(1)} ${id(2)} ${id(3)}`);
    configureZfs(machine.world, { version: "2.2.8" });
    expect(
      await machine.run(`zpool attach tank raidz1-0 ${id(4)}`),
    ).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        "can only attach to mirrors and top-level disks",
      ),
    });
    configureZfs(machine.world, { version: "2.3.9", expandMs: 5_000 });
    await machine.must(`zpool attach tank raidz1-0 ${id(5)}`);
    expect((await pool()).raidz_expand_stats).toMatchObject({
      state: "SCANNING",
    });
    expect(await machine.must("zpool status")).toContain(
      "expand: expansion of raidz1-0 in progress since ",
    );
    await machine.must("zpool wait -t raidz_expand tank");
    const { raidz_expand_stats, tops } = await pool();
    expect(raidz_expand_stats).toMatchObject({ state: "FINISHED" });
    expect(Object.keys(tops["raidz1-0"]?.vdevs ?? {})).toHaveLength(4);
  });

  test("has no -n", async () => {
    expect(await machine.run("zpool attach -n tank a b")).toMatchObject({
      code: 2,
      err: expect.stringContaining("invalid option 'n'\n"),
    });
  });
});

describe("offline and scrub", () => {
  beforeEach(() => machine.must(`zpool create tank mirror ${id(1)} ${id(2)}`));

  test("a disk taken offline comes back with a resilver", async () => {
    await machine.must(`zpool offline tank ${id(1)}`);
    expect(await health()).toBe("DEGRADED");
    expect(await machine.run(`zpool offline tank ${id(2)}`)).toMatchObject({
      code: 1,
      err: `cannot offline ${id(2)}: no valid replicas\n`,
    });
    machine.reboot();
    expect((await pool()).tops["mirror-0"]?.vdevs?.[name(1)]?.state).toBe(
      "OFFLINE",
    );
    await machine.must(`zpool online tank ${id(1)}`);
    expect((await pool()).scan_stats).toMatchObject({ function: "RESILVER" });
  });

  test("a scrub takes its time, is paused, goes on and is cancelled", async () => {
    configureZfs(machine.world, { scrubMs: 30_000 });
    await machine.must("zpool scrub tank");
    expect(await machine.run("zpool scrub tank")).toMatchObject({
      code: 1,
      err: "cannot scrub tank: currently scrubbing; use 'zpool scrub -s' to cancel scrub\n",
    });
    await machine.must("zpool scrub -p tank");
    expect(await machine.must("zpool status")).toContain("scrub paused since");
    await machine.must("zpool scrub tank");
    await machine.must("zpool scrub -s tank");
    expect(await machine.must("zpool status")).toContain("scrub canceled on");
    expect(await machine.run("zpool scrub -s tank")).toMatchObject({ code: 1 });
    configureZfs(machine.world, { scrubMs: 100 });
    await machine.must("zpool scrub tank");
    await later(150);
    expect(await machine.must("zpool status")).toMatch(
      /scrub repaired 0B in 00:00:00 with 0 errors on/,
    );
  });
});

describe("properties that are set", () => {
  beforeEach(() =>
    machine.must(`zpool create -o ashift=12 tank mirror ${id(1)} ${id(2)}`),
  );

  test("ashift reads back what was set, and the vdevs keep theirs", async () => {
    expect(await machine.run("zpool set ashift=9 tank")).toMatchObject({
      code: 0,
    });
    expect(await machine.must("zpool get -Hp -o value ashift tank")).toBe(
      "9\n",
    );
    expect(
      await machine.must("zpool get -Hp -o name,value ashift tank all-vdevs"),
    ).toContain("mirror-0\t12\n");
  });

  test.each([
    ["guid=1", "cannot set property for 'tank': 'guid' is readonly\n"],
    ["size=1", "cannot set property for 'tank': 'size' is readonly\n"],
    [
      "nothing=1",
      "cannot set property for 'tank': invalid property 'nothing'\n",
    ],
    [
      "failmode=never",
      "cannot set property for 'tank': 'failmode' must be one of 'wait | continue | panic'\n",
    ],
  ])("%s is refused", async (pair, err) => {
    expect(await machine.run(`zpool set ${pair} tank`)).toMatchObject({
      code: 255,
      err,
    });
  });
});

test("one disk by both of its paths is refused, when it is already labelled", async () => {
  machine.close();
  machine = new ZfsMachine([disk(1, { paths: 2 })]);
  const before = fingerprint(machine.world);
  expect(
    await machine.run("zpool create tank mirror /dev/sda /dev/sdb"),
  ).toMatchObject({
    code: 1,
    err: expect.stringContaining(
      "cannot create 'tank': one or more vdevs refer to the same device",
    ),
  });
  expect(fingerprint(machine.world)).not.toEqual(before);
  machine.reboot();
  await machine.must("zpool create -f tank sda");
  expect(await machine.run("zpool create other sdb")).toMatchObject({
    code: 1,
  });
});

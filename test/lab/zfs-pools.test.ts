import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fingerprint } from "../../lab/host/disks";
import { fillDisk } from "../../lab/host/disks/contents";
import { configureZfs } from "../../lab/host/zfs";
import { disk, id, ZfsMachine } from "../support/zfs-machine";

let machine: ZfsMachine;
beforeEach(() => {
  machine = new ZfsMachine();
});
afterEach(() => machine.close());

const serial = (number: number) => disk(number).serial;
const mirror = `zpool create tank mirror ${id(1)} ${id(2)}`;

describe("what is told of a pool", () => {
  test("status as text has the layout of the real one", async () => {
    await machine.must(mirror);
    const out = await machine.must("zpool status");
    expect(out).toBe(
      [
        "  pool: tank",
        " state: ONLINE",
        "config:",
        "",
        "\tNAME                        STATE     READ WRITE CKSUM",
        "\ttank                        ONLINE       0     0     0",
        "\t  mirror-0                  ONLINE       0     0     0",
        "\t    wwn-0x5000c500a1b2c301  ONLINE       0     0     0",
        "\t    wwn-0x5000c500a1b2c302  ONLINE       0     0     0",
        "",
        "errors: No known data errors",
        "",
      ].join("\n"),
    );
    expect(await machine.must("zpool status -P")).toContain(`${id(1)}-part1`);
    expect(await machine.must("zpool status -x")).toBe(
      "all pools are healthy\n",
    );
  });

  test("JSON has GUIDs as strings under 2.3.9's names, with -p exact numbers", async () => {
    await machine.must(mirror);
    const { pools } = (await machine.json("zpool status -jp")) as {
      pools: Record<string, Record<string, unknown>>;
    };
    const guid = (
      await machine.must("zpool get -Hp -o value guid tank")
    ).trim();
    expect(pools.tank).toMatchObject({
      name: "tank",
      state: "ONLINE",
      pool_guid: guid,
      error_count: "0",
      vdevs: {
        tank: {
          vdev_type: "root",
          vdevs: {
            "mirror-0": {
              vdev_type: "mirror",
              class: "normal",
              total_space: expect.stringMatching(/^\d{9}$/),
              vdevs: {
                "wwn-0x5000c500a1b2c301": {
                  vdev_type: "disk",
                  path: `${id(1)}-part1`,
                  state: "ONLINE",
                  read_errors: "0",
                },
              },
            },
          },
        },
      },
    });
    expect(pools.tank).not.toHaveProperty("status");
    expect(pools.tank).not.toHaveProperty("scan_stats");
    const nice = await machine.must("zpool status -j");
    expect(nice).toContain('"total_space":"496M"');
  });

  test("--json-int writes all digits of a GUID, which a JavaScript number does not hold", async () => {
    await machine.must(mirror);
    const guid = (
      await machine.must("zpool get -Hp -o value guid tank")
    ).trim();
    const out = await machine.must("zpool status -j --json-int");
    expect(out).toContain(`"pool_guid":${guid},`);
    const read = JSON.parse(out) as {
      pools: { tank: { pool_guid: number } };
    };
    expect(BigInt(read.pools.tank.pool_guid)).not.toBe(BigInt(guid));
  });

  test("of a pool that is not there", async () => {
    expect(await machine.run("zpool status -j nopool")).toEqual({
      code: 1,
      out: "",
      err: "cannot open 'nopool': no such pool\n",
    });
    expect(await machine.run("zpool list")).toMatchObject({
      code: 0,
      err: "no pools available\n",
    });
  });

  test("ashift set on the pool is read back from it, and the vdevs keep theirs", async () => {
    await machine.must(
      `zpool create -o ashift=12 tank mirror ${id(1)} ${id(2)}`,
    );
    const vdevs = await machine.must(
      "zpool get -Hp -o name,value ashift tank all-vdevs",
    );
    expect(vdevs).toContain("mirror-0\t12\n");
    expect(vdevs).toContain("wwn-0x5000c500a1b2c301\t12\n");
  });
});

describe("a zpool create without -f", () => {
  const create = `zpool create other ${id(1)}`;

  test.each([
    ["ext4 on the whole disk", { kind: "ext4" }],
    ["ext4 in a GPT partition", { kind: "ext4", table: "gpt" }],
    ["a member of an MD array", { kind: "raid" }],
    ["an LVM physical volume", { kind: "lvm" }],
    ["an exported pool", { kind: "pool", name: "old", state: "exported" }],
    [
      "another host's active pool",
      { kind: "pool", name: "old", state: "active" },
    ],
  ] as const)(
    "is refused over %s, and nothing is written",
    async (_, content) => {
      fillDisk(machine.world, serial(1), content);
      const before = fingerprint(machine.world);
      const { code, err } = await machine.run(create);
      expect({ code, err }).toMatchObject({
        code: 1,
        err: expect.stringContaining(
          "invalid vdev specification\nuse '-f' to override the following errors:\n",
        ),
      });
      expect(fingerprint(machine.world)).toEqual(before);
    },
  );

  test.each([
    [
      "an MBR disk with a file system in a partition",
      { kind: "ext4", table: "mbr" },
    ],
    ["a Storage Spaces partition", { kind: "storage-spaces" }],
    [
      "a member of a destroyed pool",
      { kind: "pool", name: "old", state: "destroyed" },
    ],
    ["raw data", { kind: "raw" }],
  ] as const)("takes %s without a word", async (_, content) => {
    fillDisk(machine.world, serial(1), content);
    const before = fingerprint(machine.world);
    expect(await machine.run(`zpool create -n other ${id(1)}`)).toMatchObject({
      code: 0,
    });
    expect(fingerprint(machine.world)).toEqual(before);
    expect(await machine.run(create)).toMatchObject({ code: 0, err: "" });
    expect(fingerprint(machine.world)).not.toEqual(before);
    expect((await machine.run("zpool import -D")).out).toBe("");
  });

  test("names the file system and the partition", async () => {
    fillDisk(machine.world, serial(1), { kind: "ext4", table: "gpt" });
    const { err } = await machine.run(create);
    expect(err).toContain(
      `${id(1)}-part1 contains a filesystem of type 'ext4'\n`,
    );
  });

  test("does not take a disk of a pool that is imported", async () => {
    await machine.must(mirror);
    const before = fingerprint(machine.world);
    expect(await machine.run(create)).toMatchObject({
      code: 1,
      err: `${id(1)} is in use and contains a unknown filesystem.\n`,
    });
    expect(fingerprint(machine.world)).toEqual(before);
  });

  test("takes a leg of a destroyed mirror, which is degraded when it comes back", async () => {
    await machine.must(mirror);
    await machine.must("zpool destroy tank");
    await machine.must(create);
    const out = await machine.must("zpool import -D");
    expect(out).toContain(" state: DEGRADED (DESTROYED)\n");
    expect(out).toMatch(/wwn-0x5000c500a1b2c301 +FAULTED {2}corrupted data\n/);
  });

  test("fails where the mountpoint is not empty, after it has labelled the disks", async () => {
    machine.world.put("/tank/file", "there before");
    const before = fingerprint(machine.world);
    expect(await machine.run(mirror)).toEqual({
      code: 1,
      out: "",
      err: "mountpoint '/tank' exists and is not empty\nuse '-m' option to provide a different default\n",
    });
    expect(fingerprint(machine.world)).not.toEqual(before);
  });

  test("does not mix redundancies", async () => {
    const line = `zpool create tank mirror ${id(1)} ${id(2)} ${id(3)} ${id(4)}`;
    expect(
      await machine.run(
        `zpool create tank mirror ${id(1)} ${id(2)} raidz2 ${id(3)} ${id(4)} ${id(4)}`,
      ),
    ).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        "mismatched replication level: raidz and mirror vdevs with different redundancy, 2 vs. 1 (2-way) are present",
      ),
    });
    expect(await machine.run(line)).toMatchObject({ code: 0 });
  });
});

describe("words that are not understood", () => {
  test.each([
    ["zpool", "missing command\n"],
    ["zpool make", "unrecognized command 'make'\n"],
    ["zpool create -y tank", "invalid option 'y'\n"],
    ["zpool create tank", "missing vdev specification\n"],
    ["zpool import -j", "invalid option 'j'\n"],
    ["zpool destroy", "missing pool argument\n"],
  ])("%s ends with 2", async (line, err) => {
    const ran = await machine.run(line);
    expect(ran.code).toBe(2);
    expect(ran.err.startsWith(err)).toBe(true);
    expect(ran.err).toContain("usage:");
  });

  test("2.2 knows no JSON, but its version takes any word and ends with 0", async () => {
    configureZfs(machine.world, { version: "2.2.8" });
    expect(await machine.run("zpool status -j")).toMatchObject({
      code: 2,
      err: expect.stringContaining("invalid option 'j'\n"),
    });
    expect(await machine.run("zpool version -j")).toEqual({
      code: 0,
      out: "zfs-2.2.8-1\nzfs-kmod-2.2.8-1\n",
      err: "",
    });
  });

  test("whoever is not root changes nothing", async () => {
    expect(await machine.run(mirror, "ops")).toMatchObject({ code: 1 });
    expect(await machine.run("zpool import", "ops")).toMatchObject({
      code: 1,
      err: "cannot discover pools: permission denied\n",
    });
  });
});

describe("export and import", () => {
  test("keep the GUID, under another name as well", async () => {
    await machine.must(mirror);
    const guid = (await machine.must("zpool get -H -o value guid tank")).trim();
    await machine.must("zpool export tank");
    expect(await machine.must("zpool import")).toContain(`    id: ${guid}\n`);
    await machine.must(`zpool import -d /dev/disk/by-id ${guid} vault`);
    expect(await machine.must("zpool list -H -o name,guid")).toBe(
      `vault\t${guid}\n`,
    );
  });

  test("a destroyed pool comes back by -D", async () => {
    await machine.must(mirror);
    await machine.must("zpool destroy tank");
    expect(await machine.run("zpool import tank")).toMatchObject({
      code: 1,
      err: "cannot import 'tank': no such pool available\n",
    });
    expect(await machine.must("zpool import -D")).toContain(
      " state: ONLINE (DESTROYED)\n",
    );
    await machine.must("zpool import -D -f -d /dev/disk/by-id tank");
    expect(await machine.must("zpool list -H -o health tank")).toBe("ONLINE\n");
  });

  test("a pool that another host had takes -f", async () => {
    await machine.must(mirror);
    machine.world.save("zfs", {
      ...machine.world.load("zfs", {}),
      imported: [],
    });
    configureZfs(machine.world, { hostid: "12345678" });
    const { code, err } = await machine.run("zpool import tank");
    expect(code).toBe(1);
    expect(err).toContain(
      "cannot import 'tank': pool was previously in use from another system.\nLast accessed by storage (hostid=",
    );
    await machine.must("zpool import -f tank");
  });

  test("a pool of labels alone is listed", async () => {
    fillDisk(machine.world, serial(3), {
      kind: "pool",
      name: "old",
      state: "exported",
    });
    expect(await machine.must("zpool import")).toContain("  pool: old\n");
  });

  test("where there is nothing says so, and ends with 0", async () => {
    expect(await machine.run("zpool import")).toEqual({
      code: 0,
      out: "",
      err: "no pools available to import\n",
    });
  });
});

describe("a reboot", () => {
  test("imports what was imported, under names dealt anew", async () => {
    await machine.must(mirror);
    machine.reboot();
    expect(await machine.must("zpool list -H -o name,health")).toBe(
      "tank\tONLINE\n",
    );
  });

  test("imports no pool that was exported", async () => {
    await machine.must(mirror);
    await machine.must("zpool export tank");
    machine.reboot();
    expect(await machine.must("zpool list -H")).toBe("");
    expect(await machine.must("zpool import")).toContain("pool: tank");
  });
});

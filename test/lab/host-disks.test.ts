import { existsSync, mkdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  bootDisks,
  disksOf,
  fillDisk,
  fingerprint,
  insertDisk,
  installMultipath,
  losePath,
  pullDisk,
  restorePath,
} from "../../lab/host/disks";
import { readLabel, readLabels } from "../../lab/host/disks/labels";
import { type DisksWorld, disksWorld, shelfDisk } from "../support/disks";

const dual = [0, 1, 2, 3].map((slot) => shelfDisk(slot, { paths: 2 }));
const first = dual[0] ?? shelfDisk(0);
const wwn = `/dev/disk/by-id/wwn-${first.wwn}`;
const map = `/dev/mapper/3${first.wwn.slice(2)}`;

let lab: DisksWorld;
beforeEach(() => {
  lab = disksWorld(dual);
});
afterEach(() => lab.remove());

const namesBySerial = () =>
  disksOf(lab.world)
    .all()
    .map(({ name, serial }) => `${name} ${serial}`);

async function withMultipath(): Promise<void> {
  mkdirSync(lab.world.path("/etc/multipath"), { recursive: true });
  installMultipath(lab.world);
  for (const { wwn } of dual)
    await lab.run("multipath", "-a", `/dev/disk/by-id/wwn-${wwn}`);
  await lab.run("multipathd", "reconfigure");
}

test("kernel names are dealt anew at each boot, and the disks stay", () => {
  fillDisk(lab.world, first.serial, { kind: "ext4" });
  const before = { names: namesBySerial(), bytes: fingerprint(lab.world) };
  const world = lab.reopen();
  bootDisks(world);
  expect(namesBySerial()).not.toEqual(before.names);
  expect(namesBySerial()).toHaveLength(8);
  expect(fingerprint(world)).toEqual(before.bytes);
});

test("without a map by-id leads to either path, not always to the same", () => {
  const paths = new Set<string>();
  for (let boot = 0; boot < 12; boot++) {
    bootDisks(lab.world);
    const devices = disksOf(lab.world);
    const device = devices.find(wwn);
    if (device === undefined) throw new Error("by-id leads nowhere");
    const link = readlinkSync(lab.world.path(wwn));
    expect(link).toBe(`../../${device.name}`);
    paths.add(devices.links(device).at(-1) ?? "");
  }
  expect(paths.size).toBe(2);
});

test("four terabytes cost nothing, and zeros written to a blank disk change nothing", () => {
  const device = disksOf(lab.world).find(wwn);
  const before = fingerprint(lab.world);
  device?.write(1 << 30, Buffer.alloc(1 << 20));
  const file = join(lab.world.directory, "disks", `${first.serial}.img`);
  expect(statSync(file).size).toBe(first.sizeBytes);
  expect(statSync(file).blocks).toBe(0);
  expect(fingerprint(lab.world)).toEqual(before);
  device?.write(1 << 30, Buffer.from([1]));
  expect(fingerprint(lab.world)).not.toEqual(before);
});

test("a partition table written to a disk is a partition with names of its own at once", () => {
  fillDisk(lab.world, first.serial, { kind: "ext4", table: "gpt" });
  const part = disksOf(lab.world).find(`${wwn}-part1`);
  expect(part?.kind).toBe("part");
  expect(existsSync(lab.world.path(`/dev/${part?.name}`))).toBe(true);
  disksOf(lab.world)
    .find(wwn)
    ?.write(0, Buffer.alloc(34 * 512));
  expect(disksOf(lab.world).find(`${wwn}-part1`)).toBeUndefined();
  expect(existsSync(lab.world.path(`/dev/${part?.name}`))).toBe(false);
});

test("a pool's four labels are read back with exact GUIDs", () => {
  const guid = 11_268_192_461_597_329_790n;
  fillDisk(lab.world, first.serial, {
    kind: "pool",
    name: "tank",
    state: "exported",
    guid,
    bare: true,
  });
  const device = disksOf(lab.world).find(wwn);
  if (device === undefined) throw new Error("by-id leads nowhere");
  expect(
    readLabels(device).filter((label) => label?.pool_guid === guid),
  ).toHaveLength(4);
  expect(readLabel(device)?.name).toBe("tank");
});

describe("multipath", () => {
  test("strict: only what is in the list of WWIDs becomes a map", async () => {
    installMultipath(lab.world);
    await lab.run("multipathd", "reconfigure");
    expect(disksOf(lab.world).find(map)).toBeUndefined();
    const refused = await lab.run("multipath", "-a", wwn);
    expect(refused.code).toBe(1);
    mkdirSync(lab.world.path("/etc/multipath"), { recursive: true });
    const added = await lab.run("multipath", "-a", wwn);
    expect(added.stdout.toString()).toBe(`wwid '${map.slice(12)}' added\n`);
    await lab.run("multipathd", "reconfigure");
    const maps = disksOf(lab.world)
      .all()
      .filter(({ kind }) => kind === "mpath");
    expect(maps.map(({ serial }) => serial)).toEqual([first.serial]);
  });

  test("a map takes the links, holds its paths, and moves their partitions", async () => {
    fillDisk(lab.world, first.serial, { kind: "ext4", table: "gpt" });
    await withMultipath();
    const devices = disksOf(lab.world);
    const device = devices.find(map);
    expect(devices.find(wwn)?.name).toBe(device?.name);
    const paths = devices
      .all()
      .filter(({ kind, serial }) => kind === "disk" && serial === first.serial);
    for (const path of paths) {
      expect(devices.heldBy(path)).toBe(`a path of ${device?.name}`);
      expect(devices.find(`/dev/${path.name}1`)).toBeUndefined();
    }
    expect(devices.find(`${map}-part1`)?.kind).toBe("part");
    const listed = await lab.run(
      "lsblk",
      "-J",
      "-o",
      "NAME,FSTYPE,TYPE",
      `/dev/${paths[0]?.name}`,
    );
    expect(JSON.parse(listed.stdout.toString()).blockdevices[0]).toMatchObject({
      fstype: "mpath_member",
      children: [{ type: "mpath", children: [{ type: "part" }] }],
    });
  });

  test("it reads and writes as long as one path is there", async () => {
    await withMultipath();
    const device = disksOf(lab.world).find(map);
    losePath(lab.world, first.serial, 0);
    device?.write(4096, Buffer.from("still"));
    const { stdout } = await lab.run("multipathd", "show", "maps", "json");
    const shown = JSON.parse(stdout.toString()).maps.find(
      ({ uuid }: { uuid: string }) => uuid === map.slice(12),
    );
    expect(
      shown.path_groups
        .flatMap((group: { paths: { chk_st: string }[] }) =>
          group.paths.map(({ chk_st }) => chk_st),
        )
        .sort(),
    ).toEqual(["faulty", "ready"]);
    losePath(lab.world, first.serial, 1);
    expect(() => device?.read(4096, 5)).toThrow("Input/output error");
    restorePath(lab.world, first.serial, 1);
    expect(device?.read(4096, 5).toString()).toBe("still");
  });
});

test("a pulled disk is gone from lsblk, and what was open gets EIO", async () => {
  const device = disksOf(lab.world).find(wwn);
  pullDisk(lab.world, first.serial);
  expect(() => device?.read(0, 512)).toThrow("Input/output error");
  const { stdout } = await lab.run("lsblk", "-n", "-l", "-o", "SERIAL");
  expect(stdout.toString()).not.toContain(first.serial);
  insertDisk(lab.world, first.serial);
  expect(disksOf(lab.world).find(wwn)?.serial).toBe(first.serial);
});

describe("tools refuse what the real ones refuse", () => {
  const cases: [string[], number, string][] = [
    [["lsblk", "-o", "HOLDERS"], 1, "lsblk: unknown column: HOLDERS\n"],
    [["lsblk", "/dev/nix"], 32, "lsblk: /dev/nix: not a block device\n"],
    [["lsblk", "-Y"], 1, "invalid option -- 'Y'"],
    [["wipefs", "-n"], 1, "wipefs: no device specified\n"],
    [["wipefs", "-z"], 1, "invalid option -- 'z'"],
    [
      ["wipefs", "-n", "/dev/nix"],
      1,
      "probing initialization failed: No such file or directory",
    ],
    [["blkid", "-p", "/dev/nix"], 2, ""],
    [["blkid", "-p"], 4, "requires a device"],
    [
      ["blkid", "-p", "-o", "bad", "/dev/sda"],
      4,
      "unsupported output format bad",
    ],
    [["dd", "if=/dev/sda", "what=1"], 1, "unrecognized operand 'what=1'"],
    [["dd", "if=/dev/sda", "bs=1Q"], 1, "invalid number: '1Q'"],
    [["multipath", "-z"], 1, "Unknown switch"],
    [["multipathd", "show", "maps"], 1, "failed to connect to multipathd"],
    [["udevadm", "nix"], 1, "Unknown command verb 'nix'"],
  ];
  test.each(cases)("%j", async (line, code, text) => {
    const result = await lab.run(...line);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(text);
  });
});

test("dd reads the last mebibyte by skip and count", async () => {
  fillDisk(lab.world, first.serial, { kind: "raw", where: "end" });
  const blocks = Math.floor(first.sizeBytes / (1 << 20)) - 1;
  const { code, stdout } = await lab.run(
    "dd",
    `if=${wwn}`,
    "bs=1M",
    `skip=${blocks}`,
    "count=2",
    "status=none",
  );
  expect(code).toBe(0);
  expect(stdout.length).toBe(first.sizeBytes - blocks * (1 << 20));
  expect(stdout.some((byte) => byte !== 0)).toBe(true);
});

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Content, disksOf, fillDisk } from "../../lab/host/disks";
import { type DisksWorld, disksWorld, shelfDisk } from "../support/disks";
import { testWith } from "../support/tool";

const contents: Content[] = [
  { kind: "blank" },
  { kind: "ext4", label: "data $1 <a>" },
  { kind: "ext4", table: "gpt" },
  { kind: "ext4", label: "old", table: "mbr" },
  { kind: "xfs", label: "scratch" },
  { kind: "swap", label: "swap" },
  { kind: "lvm" },
  { kind: "lvm", table: "gpt" },
  { kind: "raid", label: "host:0" },
  { kind: "luks", label: "secret" },
  { kind: "empty-table", table: "gpt" },
  { kind: "empty-table", table: "mbr" },
  { kind: "storage-spaces" },
  { kind: "raw" },
  { kind: "pool", name: "tank", state: "active" },
  { kind: "pool", name: "gone", state: "destroyed" },
  { kind: "pool", name: "bare", state: "exported", bare: true },
  { kind: "boot" },
];
const name = (content: Content): string => JSON.stringify(content);

let lab: DisksWorld;
beforeAll(() => {
  lab = disksWorld(contents.map((_, slot) => shelfDisk(slot)));
  for (const [slot, content] of contents.entries())
    fillDisk(lab.world, shelfDisk(slot).serial, content);
});
afterAll(() => lab.remove());

function node(slot: number): string {
  const serial = shelfDisk(slot).serial;
  const device = disksOf(lab.world)
    .all()
    .find((disk) => disk.kind === "disk" && disk.serial === serial);
  return `/dev/${device?.name}`;
}

function image(slot: number): string {
  return join(lab.world.directory, "disks", `${shelfDisk(slot).serial}.img`);
}

/** The installed util-linux: an older one knows fewer tags. */
function real(tool: string, ...words: string[]): string {
  return spawnSync(tool, words, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  }).stdout;
}
const [, major = "0", minor = "0"] =
  /(\d+)\.(\d+)/.exec(
    spawnSync("wipefs", ["-V"], { encoding: "utf8" }).stdout ?? "",
  ) ?? [];
const isRecent = Number(major) > 2 || Number(minor) >= 41;
const newerTags =
  /^(FSBLOCKSIZE|BLOCK_SIZE|FSLASTBLOCK|FSSIZE|ENDIANNESS|SUBSYSTEM)=/;

describe("signatures are those that util-linux finds in the same bytes", () => {
  for (const [slot, content] of contents.entries()) {
    // Before 2.41 a pool is known by its uberblocks, at other places.
    const isElsewhere = content.kind === "pool" && content.bare && !isRecent;
    const check = testWith("wipefs", "-V");
    check(`wipefs: ${name(content)}`, async () => {
      const words = ["-n", "-J"];
      const ours = await lab.run("wipefs", ...words, node(slot));
      const theirs = real("wipefs", ...words, image(slot));
      const bare = (text: string) =>
        text.replace(/"device": "[^"]*"/g, '"device": ""');
      const types = (text: string) =>
        new Set(text.match(/"type": "[^"]*"/g) ?? []);
      const compared = isElsewhere ? types : bare;
      expect(compared(ours.stdout.toString())).toEqual(compared(theirs));
    });

    check(`blkid: ${name(content)}`, async () => {
      const words = ["-p", "-o", "export"];
      const ours = await lab.run("blkid", ...words, node(slot));
      const theirs = spawnSync("blkid", [...words, image(slot)], {
        encoding: "utf8",
      });
      const lines = (text: string) =>
        text
          .split("\n")
          .filter((line) => !line.startsWith("DEVNAME="))
          .filter((line) => isRecent || !newerTags.test(line))
          .sort();
      expect(lines(ours.stdout.toString())).toEqual(lines(theirs.stdout));
      expect(ours.code).toBe(theirs.status);
    });
  }
});

test("wipefs on a disk does not show what is on its partitions", async () => {
  const slot = contents.findIndex(
    (content) => content.kind === "ext4" && content.table === "mbr",
  );
  const types = async (path: string) =>
    JSON.parse(
      (await lab.run("wipefs", "-n", "-J", path)).stdout.toString(),
    ).signatures.map(({ type }: { type: string }) => type);
  expect(await types(node(slot))).toEqual(["dos"]);
  expect(await types(`${node(slot)}1`)).toEqual(["ext4"]);
});

test("only the partition's type tells of Microsoft's storage pool", async () => {
  const slot = contents.findIndex(({ kind }) => kind === "storage-spaces");
  const { stdout } = await lab.run("wipefs", "-n", "-J", `${node(slot)}2`);
  expect(JSON.parse(stdout.toString()).signatures).toEqual([]);
  const listed = await lab.run(
    "lsblk",
    "-J",
    "-b",
    "-o",
    "NAME,FSTYPE,PARTTYPE",
    `${node(slot)}2`,
  );
  expect(JSON.parse(listed.stdout.toString()).blockdevices).toEqual([
    {
      name: `${node(slot).slice(5)}2`,
      fstype: null,
      parttype: "e75caf8f-f680-4cee-afa3-b001e56efc2d",
    },
  ]);
});

test("blkid tells a pool by its GUIDs, as exact numbers", async () => {
  const slot = contents.findIndex(
    (content) => content.kind === "pool" && content.state === "destroyed",
  );
  const { stdout } = await lab.run(
    "blkid",
    "-p",
    "-o",
    "export",
    `${node(slot)}1`,
  );
  const text = stdout.toString();
  expect(text).toContain("LABEL=gone\n");
  expect(text).toMatch(/^UUID=\d{16,20}$/m);
  expect(text).toMatch(/^UUID_SUB=\d{16,20}$/m);
});

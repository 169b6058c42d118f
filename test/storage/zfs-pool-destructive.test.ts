import type { Content } from "../../lab/host/disks/contents";
import {
  disk,
  map,
  mirror,
  type PoolHost,
  poolHost,
  tank,
} from "../support/zfs-pool";

type Values = Record<string, unknown>;

// Each command is a process of its own.
jest.setTimeout(120_000);

let host: PoolHost;
afterEach(() => host.stop());

interface Case {
  /** On disk 2, the second of the pool that is asked for. */
  content: Content;
  /** What is said of it. */
  says: string | RegExp;
  /** Whether "zpool create" itself would have written over it. */
  destroys: boolean;
}

const cases: Record<string, Case> = {
  "ext4 on the whole disk": {
    content: { kind: "ext4", label: "photos" },
    says: 'ext4 "photos"',
    destroys: false,
  },
  "ext4 in a GPT partition": {
    content: { kind: "ext4", label: "photos", table: "gpt" },
    says: /gpt.*; partition sd[a-z]+1 \(Linux file system, [0-9a-f-]+\) with ext4 "photos"/,
    destroys: false,
  },
  "ext4 in an MBR partition": {
    content: { kind: "ext4", label: "photos", table: "mbr" },
    says: /dos.*; partition sd[a-z]+1 \(type 0x83\) with ext4 "photos"/,
    destroys: true,
  },
  "a member of a Linux RAID": {
    content: { kind: "raid" },
    says: "linux_raid_member",
    destroys: false,
  },
  "an LVM volume": {
    content: { kind: "lvm" },
    says: "LVM2_member",
    destroys: false,
  },
  XFS: { content: { kind: "xfs" }, says: "xfs", destroys: false },
  swap: { content: { kind: "swap" }, says: "swap", destroys: false },
  LUKS: { content: { kind: "luks" }, says: "crypto_LUKS", destroys: false },
  "an empty GPT": {
    content: { kind: "empty-table", table: "gpt" },
    says: "gpt",
    destroys: true,
  },
  "an empty MBR": {
    content: { kind: "empty-table", table: "mbr" },
    says: "dos",
    destroys: true,
  },
  "Storage Spaces": {
    content: { kind: "storage-spaces" },
    says: /partition sd[a-z]+2 \(Microsoft Storage Spaces, e75caf8f-f680-4cee-afa3-b001e56efc2d\)/,
    destroys: true,
  },
  "raw data at the beginning": {
    content: { kind: "raw" },
    says: "data of no known format in its first MiB (raw data, a detached LUKS header, a RAID controller's)",
    destroys: true,
  },
  "raw data at the end": {
    content: { kind: "raw", where: "end" },
    says: "data of no known format in its last MiB",
    destroys: true,
  },
  "a member of an exported pool": {
    content: { kind: "pool", name: "old", state: "exported" },
    says: /member of the pool "old" \(\d+\), which is not imported/,
    destroys: false,
  },
  "a member of a pool of another host": {
    content: { kind: "pool", name: "old", state: "active" },
    says: /member of the pool "old" \(\d+\), which is not imported/,
    destroys: false,
  },
  "a member of a destroyed pool": {
    content: { kind: "pool", name: "old", state: "destroyed" },
    says: /member of the destroyed pool "old" \(\d+\), which "zpool import -D \d+" can still bring back/,
    destroys: true,
  },
};

const writing = () =>
  host
    .commands()
    .filter((line) =>
      /\b(zpool|zfs) (create|add|attach|replace|set)/.test(line),
    );

describe.each(Object.entries(cases))(
  "%s",
  (_name, { content, says, destroys }) => {
    beforeEach(async () => {
      host = await poolHost({ disks: 4 });
      host.fill(2, content);
    });

    test("is refused at creation, told, and stays byte for byte", async () => {
      const before = host.fingerprint();
      const error = await host.create().catch((reason: Error) => reason);
      expect(error).toBeInstanceOf(Error);
      const { message } = error as Error;
      expect(message).toContain(
        'not every disk on host "storage" is blank and free, so nothing was written to any:',
      );
      const line =
        message.split("\n").find((text) => text.includes(disk(2))) ?? "";
      if (typeof says === "string") expect(line).toContain(says);
      else expect(line).toMatch(says);
      expect(line).toContain("serial ZC102");
      // The other one is blank.
      expect(message).not.toContain(`${disk(1)} `);
      expect(host.fingerprint()).toEqual(before);
      expect(writing()).toEqual([]);
    });

    test(`zpool itself would ${destroys ? "have destroyed" : "refuse"} it`, async () => {
      const before = host.fingerprint();
      const made = host.run(
        "zpool",
        "create",
        "victim",
        "mirror",
        disk(1),
        disk(2),
      );
      if (destroys) await made;
      else await expect(made).rejects.toThrow();
      expect(host.fingerprint().ZC102 !== before.ZC102).toBe(destroys);
    });
  },
);

test.each<[string, Values]>([
  [
    "a replacement",
    { vdevs: [mirror(1, 5)], replace: [{ old: disk(2), new: disk(5) }] },
  ],
  [
    "a new vdev",
    { vdevs: [mirror(1, 2), mirror(4, 5)], add: [disk(4), disk(5)] },
  ],
  ["a leg more", { vdevs: [mirror(1, 2, 5)], add: [disk(5)] }],
  ["a spare", { spares: [disk(5)] }],
  [
    "a cache",
    {
      vdevs: [
        mirror(1, 2),
        { type: "stripe", class: "cache", disks: [disk(5)] },
      ],
    },
  ],
])(
  "a disk that is not blank is refused for %s, too",
  async (_what, changes) => {
    host = await poolHost({ disks: 6 });
    const { id, props } = await host.create();
    host.fill(5, { kind: "pool", name: "old", state: "destroyed" });
    const before = host.fingerprint();
    host.commands();
    await expect(
      host.pools.update(
        id,
        props,
        tank({ ...changes, dataset: { atime: false } }),
      ),
    ).rejects.toThrow('member of the destroyed pool "old"');
    expect(writing().filter((line) => !line.includes("add -n"))).toEqual([]);
    expect(host.fingerprint()).toEqual(before);
  },
);

test("all disks are told at once", async () => {
  host = await poolHost({ disks: 6 });
  host.fill(1, { kind: "ext4", label: "one" });
  host.fill(2, { kind: "raw" });
  host.fill(4, { kind: "storage-spaces" });
  const before = host.fingerprint();
  const inputs = tank({
    vdevs: [mirror(1, 2), mirror(3, 4)],
    spares: [disk(55)],
  });
  const { message } = (await host
    .create(inputs)
    .catch((reason) => reason)) as Error;
  for (const text of [
    'ext4 "one"',
    "first MiB",
    "Storage Spaces",
    `${disk(55)}: there is no such disk`,
  ])
    expect(message).toContain(text);
  expect(host.fingerprint()).toEqual(before);
});

test("the boot disk is refused, and told where it is mounted", async () => {
  host = await poolHost({ disks: 3, large: [2] });
  host.fill(2, { kind: "boot" });
  const before = host.fingerprint();
  await expect(host.create()).rejects.toThrow(/sd[a-z]+\d is mounted on \//);
  expect(host.fingerprint()).toEqual(before);
});

test("a disk of a pool that is imported is refused, a spare of one too", async () => {
  host = await poolHost({ disks: 6 });
  const { id } = await host.create(tank({ spares: [disk(3)] }));
  const before = host.fingerprint();
  const other = tank({
    name: "other",
    owner: "site/ZfsPool/other",
    vdevs: [mirror(2, 3)],
  });
  const { message } = (await host
    .create(other)
    .catch((reason) => reason)) as Error;
  expect(
    message.match(
      new RegExp(`member of the imported pool "tank" \\(${id}\\)`, "g"),
    ),
  ).toHaveLength(2);
  expect(host.fingerprint()).toEqual(before);
});

test("a path of a multipath map is refused, and the map named", async () => {
  host = await poolHost({ disks: 3, paths: 2 });
  await host.hold(1, 2);
  const before = host.fingerprint();
  await expect(host.create()).rejects.toThrow(map(1));
  expect(host.fingerprint()).toEqual(before);
});

test("a WWN on two paths without a map is refused", async () => {
  host = await poolHost({ disks: 3, paths: 2 });
  const before = host.fingerprint();
  await expect(host.create()).rejects.toThrow(
    /its WWN is on 2 paths \(sd[a-z]+ and sd[a-z]+\) and no multipath map holds them/,
  );
  const maps = tank({ vdevs: [{ type: "mirror", disks: [map(1), map(2)] }] });
  await expect(host.create(maps)).rejects.toThrow(
    "without a multipath map. Let a MultipathMap make the map first",
  );
  expect(host.fingerprint()).toEqual(before);
});

test("what is on a map is seen like what is on a disk", async () => {
  host = await poolHost({ disks: 3, paths: 2 });
  host.fill(2, { kind: "ext4", label: "photos", table: "gpt" });
  await host.hold(1, 2);
  const before = host.fingerprint();
  const maps = tank({ vdevs: [{ type: "mirror", disks: [map(1), map(2)] }] });
  await expect(host.create(maps)).rejects.toThrow('with ext4 "photos"');
  expect(host.fingerprint()).toEqual(before);
});

test("a mountpoint that is not empty is refused before a disk is labelled", async () => {
  host = await poolHost({ disks: 3 });
  host.world.put("/srv/tank/file", "theirs");
  const before = host.fingerprint();
  await expect(host.create(tank({ mountpoint: "/srv/tank" }))).rejects.toThrow(
    '/srv/tank on host "storage" is where the pool would be mounted, and it is not empty (file)',
  );
  expect(host.fingerprint()).toEqual(before);
});

test("a disk that cannot be read is not taken for blank", async () => {
  host = await poolHost({ disks: 3 });
  host.fault({
    kind: "fails",
    match: "cmp",
    count: 1,
    code: 2,
    text: "cmp: /dev/sdx: Input/output error",
  });
  const before = host.fingerprint();
  await expect(host.create()).rejects.toThrow(
    "cannot be read: cmp: /dev/sdx: Input/output error",
  );
  for (const match of ["lsblk", "wipefs", "blkid", "zpool import -D"]) {
    host.fault({
      kind: "fails",
      match,
      count: 1,
      code: 1,
      text: `${match}: broken`,
    });
    await expect(host.create()).rejects.toThrow();
  }
  expect(host.fingerprint()).toEqual(before);
});

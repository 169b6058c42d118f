import type { Pool, Vdev } from "../../providers/storage/zfs/pool";
import { parseStatusJson } from "../../providers/storage/zfs/status-json";
import { parseStatusText } from "../../providers/storage/zfs/status-text";
import { troubles } from "../../providers/storage/zfs-pool/trouble";

const path = (number: number) =>
  `/dev/disk/by-id/wwn-0x5000c5000000000${number}`;
const leaf = (number: number, more: Partial<Vdev> = {}): Vdev => ({
  name: `wwn-0x5000c5000000000${number}`,
  type: "disk",
  guid: `${number}`,
  path: `${path(number)}-part1`,
  state: "ONLINE",
  children: [],
  ...more,
});
const group = (name: string, type: string, ...children: Vdev[]): Vdev => ({
  name,
  type,
  guid: "10",
  state: "DEGRADED",
  children,
});
const tank = (...data: Vdev[]): Pool => ({
  name: "tank",
  guid: "1",
  health: "DEGRADED",
  top: { data, special: [], dedup: [], log: [], cache: [] },
  spares: [],
  scan: {},
});

test("a pool that is well has no trouble", () => {
  expect(troubles(tank(group("mirror-0", "mirror", leaf(1), leaf(2))))).toEqual(
    [],
  );
});

test.each<[string, Vdev, string]>([
  [
    "shut off by ZFS",
    leaf(2, { state: "FAULTED", errors: { read: 3, write: 0, checksum: 12 } }),
    `${path(2)} is FAULTED in mirror-0, with 3 read, 0 write and 12 checksum errors. Look at the disk and its cable ("smartctl -x"). If it is sound, "zpool clear tank 2" lets ZFS use it again. If not, write the new disk in its place in vdevs, and replace: [{ old: "${path(2)}", new: NEW }]`,
  ],
  [
    "taken offline",
    leaf(2, { state: "OFFLINE" }),
    'Somebody took it offline: "zpool online tank 2" brings it back',
  ],
  [
    "not there",
    leaf(2, { state: "CANT_OPEN" }),
    `${path(2)} is UNAVAIL in mirror-0, with 0 read, 0 write and 0 checksum errors. If it was only pulled or unplugged, plug it in`,
  ],
  [
    "in use with errors",
    leaf(2, { errors: { read: 0, write: 0, checksum: 1 } }),
    "0 read, 0 write and 1 checksum errors. It is in use. Look at the disk",
  ],
  [
    "with a spare in its place",
    group("spare-1", "spare", leaf(2, { state: "REMOVED" }), leaf(9)),
    `The spare ${path(9)} stands in for it until it is replaced or back`,
  ],
  [
    "on its way out",
    group("replacing-1", "replacing", leaf(2, { state: "OFFLINE" }), leaf(9)),
    `${path(9)} takes its place already: there is nothing to do but wait`,
  ],
])(
  "a disk %s is told with its state and the next step",
  (_what, vdev, told) => {
    const found = troubles(tank(group("mirror-0", "mirror", leaf(1), vdev)));
    expect(found).toEqual([expect.stringContaining(told)]);
  },
);

test("errors are counted from either form of zpool status", () => {
  const errors = { read: 3, write: 0, checksum: 12 };
  const [json] = parseStatusJson(
    JSON.stringify({
      pools: {
        tank: {
          name: "tank",
          state: "ONLINE",
          pool_guid: "1",
          vdevs: {
            tank: {
              name: "tank",
              vdevs: {
                one: {
                  name: "one",
                  guid: "2",
                  path: `${path(2)}-part1`,
                  state: "ONLINE",
                  read_errors: "3",
                  write_errors: "0",
                  checksum_errors: "12",
                },
              },
            },
          },
        },
      },
    }),
  );
  expect(json?.top.data[0]?.errors).toEqual(errors);
  const text = (name: string) =>
    `  pool: tank\n state: ONLINE\nconfig:\n\n\tNAME  STATE READ WRITE CKSUM\n\ttank  ONLINE 0 0 0\n\t  ${name}  ONLINE 3 0 12\n\nerrors: No known data errors\n`;
  const [old] = parseStatusText(
    text(`${path(2)}-part1`),
    text("2"),
    new Map([["tank", "1"]]),
  );
  expect(old?.top.data[0]?.errors).toEqual(errors);
});

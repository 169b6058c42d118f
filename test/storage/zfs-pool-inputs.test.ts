import { schema } from "../../providers/storage/zfs-pool/model";
import {
  disk,
  mirror,
  type PoolHost,
  poolHost,
  tank,
} from "../support/zfs-pool";

type Values = Record<string, unknown>;
type Command = [string, ...string[]];

const full = tank({
  vdevs: [
    mirror(1, 2),
    { ...mirror(3, 4), class: "special" },
    { ...mirror(5, 6), class: "log" },
    { type: "stripe", class: "cache", disks: [disk(7)] },
  ],
  spares: [disk(8)],
  properties: {
    autoexpand: true,
    autotrim: true,
    comment: "shelf 1",
    delegation: false,
    failmode: "continue",
    listsnapshots: true,
    multihost: true,
  },
  dataset: {
    acltype: "posix",
    atime: false,
    compression: "lz4",
    dnodesize: "auto",
    recordsize: 1_048_576,
    relatime: false,
    xattr: "sa",
    "org.debian:periodic-scrub": "disable",
  },
  mountpoint: "/srv/tank",
  canmount: "noauto",
});

interface Row {
  /** Another value, and what the host says of it then. */
  to: unknown;
  beside?: Values;
  command: Command;
  says: string | RegExp;
  /** What somebody does behind our back, when that can be mended by us. */
  drift?: Command;
}

const of = (key: string) => full[key] as Values;
const pool = (key: string): Command => [
  "zpool",
  "get",
  "-Hpo",
  "value",
  key,
  "tank",
];
const root = (key: string): Command => [
  "zfs",
  "get",
  "-Hpo",
  "value,source",
  key,
  "tank",
];

/** Why a key has no row. */
const unmanaged = {
  host: "refused",
  name: "refused",
  ashift: "refused",
  replace: "a word for vdevs",
  add: "a word for vdevs",
  labels: "words of messages",
  adopt: "a word for create",
  destroy: "a word for delete",
  timeouts: "of the provider",
};

const rows: Record<string, Row[]> = {
  owner: [
    {
      to: "site/ZfsPool/other",
      command: root("hybrid-site:owner"),
      says: "site/ZfsPool/other\tlocal\n",
      drift: ["zfs", "inherit", "hybrid-site:owner", "tank"],
    },
  ],
  vdevs: [
    {
      to: [mirror(1, 9), ...(full.vdevs as Values[]).slice(1)],
      beside: { replace: [{ old: disk(2), new: disk(9) }] },
      command: ["zpool", "status", "-P", "tank"],
      says: new RegExp(`mirror-0[^/]*${disk(1)}-part1[^/]*${disk(9)}-part1`),
    },
  ],
  spares: [
    {
      to: [disk(8), disk(9)],
      command: ["zpool", "status", "-P", "tank"],
      says: new RegExp(
        `spares\\s+${disk(8)}-part1\\s+AVAIL\\s+${disk(9)}-part1\\s+AVAIL`,
      ),
    },
  ],
  properties: (
    [
      ["autoexpand", false, "off"],
      ["autotrim", false, "off"],
      ["comment", "shelf 2", "shelf 2"],
      ["delegation", true, "on"],
      ["failmode", "wait", "wait"],
      ["listsnapshots", false, "off"],
      ["multihost", false, "off"],
    ] as const
  ).map(([key, value, says]) => ({
    to: { ...of("properties"), [key]: value },
    command: pool(key),
    says: `${says}\n`,
    drift: ["zpool", "set", `${key}=${says}`, "tank"],
  })),
  dataset: (
    [
      ["acltype", "off", "off"],
      ["atime", true, "on"],
      ["compression", "zstd-3", "zstd-3"],
      ["dnodesize", "legacy", "legacy"],
      ["recordsize", 65_536, "65536"],
      ["relatime", true, "on"],
      ["xattr", "dir", "dir"],
      ["org.debian:periodic-scrub", "enable", "enable"],
    ] as const
  ).map(([key, value, says]) => ({
    to: { ...of("dataset"), [key]: value },
    command: root(key),
    says: `${says}\tlocal\n`,
    drift: ["zfs", "set", `${key}=${says}`, "tank"],
  })),
  mountpoint: [
    {
      to: "/srv/other",
      command: root("mountpoint"),
      says: "/srv/other\tlocal\n",
      drift: ["zfs", "set", "mountpoint=/srv/elsewhere", "tank"],
    },
  ],
  canmount: [
    {
      to: "on",
      command: root("canmount"),
      says: "on\tlocal\n",
      drift: ["zfs", "set", "canmount=off", "tank"],
    },
  ],
};

const changes = Object.entries(rows).flatMap(([key, list]) =>
  list.map((row) => [key, `${row.command.at(-2)} ${row.says}`, row] as const),
);

// Each command is a process of its own.
jest.setTimeout(120_000);

let host: PoolHost;

beforeEach(async () => {
  host = await poolHost();
});
afterEach(() => host.stop());

async function seen(id: string, props: Values, inputs: Values) {
  const found = await host.pools.read(id, props);
  const { changes: changed } = await host.pools.diff(
    id,
    found.props ?? {},
    inputs,
  );
  return { changed, props: found.props ?? {} };
}

test("every input has a row, or a reason why not", () => {
  const keys = [...Object.keys(rows), ...Object.keys(unmanaged)];
  expect(keys.sort()).toEqual(Object.keys(schema.shape).sort());
  for (const key of ["properties", "dataset"] as const) {
    const inner = Object.keys(schema.shape[key].unwrap().shape);
    expect(Object.keys(of(key)).sort()).toEqual(inner.sort());
    expect(rows[key]).toHaveLength(inner.length);
  }
});

test("a pool with every input is made as it says, and quiet", async () => {
  const { id, props } = await host.create(full);
  expect(await host.isQuiet(id, props, full)).toBe(true);
  expect(props).toMatchObject({
    guid: id,
    health: "ONLINE",
    sparesInUse: [],
    scan: "none",
  });
  expect(Object.keys(props.disks as Values)).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map(disk),
  );
});

test.each(changes)(
  "a change of %s (%s) is seen, made and then quiet",
  async (key, _what, { to, beside, command, says }) => {
    const { id, props } = await host.create(full);
    const news = { ...full, [key]: to, ...beside };
    expect(await host.pools.check(props, news)).toMatchObject({ failures: [] });
    const diff = await host.pools.diff(id, props, news);
    expect(diff).toMatchObject({ changes: true, replaces: [] });
    const { outs = {} } = await host.pools.update(id, props, news);
    const said = await host.run(...command);
    if (typeof says === "string") expect(said).toBe(says);
    else expect(said).toMatch(says);
    expect(await host.isQuiet(id, outs, news)).toBe(true);
  },
);

test.each(changes.filter(([, , { drift }]) => drift))(
  "drift of %s (%s) is read, and mended by the next update",
  async (_key, _what, { drift = ["true"] }) => {
    const { id, props } = await host.create(full);
    await host.run(...drift);
    const { changed, props: now } = await seen(id, props, full);
    expect(changed).toBe(true);
    const { outs = {} } = await host.pools.update(id, now, full);
    expect(await host.isQuiet(id, outs, full)).toBe(true);
  },
);

test("what is no longer declared goes back to what ZFS has by itself", async () => {
  const { id, props } = await host.create(full);
  const news = tank({
    vdevs: full.vdevs,
    spares: full.spares,
    ashift: undefined,
  });
  const { outs = {} } = await host.pools.update(id, props, news);
  // Of a property that is not ZFS's own there is none.
  for (const key of Object.keys(of("dataset")))
    expect(await host.run(...root(key))).toMatch(
      key.includes(":") ? /^-\t-\n$/ : /\tdefault\n$/,
    );
  expect(await host.run(...root("mountpoint"))).toBe("/tank\tdefault\n");
  expect(await host.run(...root("canmount"))).toBe("on\tlocal\n");
  expect(await host.run(...pool("autotrim"))).toBe("off\n");
  expect(await host.run(...pool("failmode"))).toBe("wait\n");
  expect(await host.run(...pool("comment"))).toBe("-\n");
  expect(await host.isQuiet(id, outs, news)).toBe(true);
});

test("what was never declared is not touched", async () => {
  const { id, props } = await host.create();
  await host.run("zfs", "set", "compression=zstd", "tank");
  await host.run("zpool", "set", "autotrim=on", "tank");
  expect(await host.isQuiet(id, props, tank())).toBe(true);
  const news = tank({ dataset: { atime: false } });
  await host.pools.update(id, props, news);
  expect(await host.run(...root("compression"))).toBe("zstd\tlocal\n");
});

const refusedDrift: [string, Command[], string][] = [
  [
    "a vdev more",
    [["zpool", "add", "tank", "mirror", disk(9), disk(10)]],
    `vdevs: the pool has a mirror of ${disk(9)}, ${disk(10)}, which is not declared`,
  ],
  [
    "a disk replaced",
    [["zpool", "replace", "-w", "tank", `${disk(2)}-part1`, disk(9)]],
    `vdevs: ${disk(2)} in the place of ${disk(9)}: a disk is replaced only when that is said`,
  ],
  [
    "a leg attached",
    [["zpool", "attach", "-w", "tank", `${disk(2)}-part1`, disk(9)]],
    `vdevs: ${disk(9)} would leave the mirror`,
  ],
  [
    "a spare more",
    [["zpool", "add", "tank", "spare", disk(9)]],
    `spares: the pool has the spare ${disk(9)}, which is not declared`,
  ],
  ["a spare less", [["zpool", "remove", "tank", `${disk(8)}-part1`]], ""],
];

test.each(refusedDrift)(
  "%s by hand is seen, and never undone",
  async (_what, commands, reason) => {
    const { id, props } = await host.create(full);
    for (const command of commands) await host.run(...command);
    const before = await host.run("zpool", "status", "-P", "tank");
    const { changed, props: now } = await seen(id, props, full);
    expect(changed).toBe(true);
    const { failures = [] } = await host.pools.check(now, full);
    const words = failures.map(
      ({ property, reason: why }) => `${property}: ${why}`,
    );
    expect(words.join("\n")).toContain(reason);
    if (reason === "") return;
    // Also where nobody looked before.
    await expect(host.pools.update(id, now, full)).rejects.toThrow();
    expect(await host.run("zpool", "status", "-P", "tank")).toBe(before);
  },
);

import {
  bridgeRows as changes,
  bridgeInputs as declared,
  fullBridge as full,
  hostNetwork,
  network,
  ownBridge as own,
} from "../support/host-network";
import { bridges, machine, machines, type Provider } from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

type Values = Record<string, unknown>;

let lab: TestLab;
let bridge: Provider;

beforeEach(async () => {
  lab = await testLab();
  bridge = bridges(lab);
});
afterEach(() => lab.stop());

const { request, interfaces, device, reload } = hostNetwork(() => lab);

async function create(inputs = declared()) {
  const { id, outs } = await bridge.create(inputs);
  return { id, props: outs ?? {} };
}

async function isQuiet(id: string, props: Values, inputs: Values) {
  const found = await bridge.read(id, props);
  const { changes } = await bridge.diff(id, found.props ?? {}, inputs);
  return changes === false;
}

test("a bridge is staged, applied once, up, and then quiet", async () => {
  lab.requests();
  const { id, props } = await create();
  const writes = lab.requests().filter((line) => !line.startsWith("GET"));
  expect(writes).toEqual([`POST ${network}`, `PUT ${network}`]);
  expect(await device()).toMatchObject({
    type: "bridge",
    active: 1,
    autostart: 1,
    bridge_ports: "eno2",
    bridge_vlan_aware: 1,
    comments: "<!-- hybrid-site owner=site/Bridge/storage id=vmbr1 -->\n",
  });
  expect(props.adopted).toBe(false);
  expect(await isQuiet(id, props, declared())).toBe(true);
  lab.requests();
  await bridge.update(id, props, declared());
  expect(lab.requests()).toEqual([`GET ${network}`]);
});

const replaced = ["host", "node", "name"];

test.each(Object.keys(changes))(
  "a change of %s is seen, made and then quiet",
  async (key) => {
    const [value, expected] = changes[key] ?? [];
    const inputs: Values = { ...full };
    // VLANs need awareness, and a gateway goes by one interface only.
    if (key === "vlanAware") delete inputs.vlanIds;
    const { id, props } = await create(inputs);
    const news: Values = { ...inputs, [key]: value };
    const diff = await bridge.diff(id, props, news);
    expect(diff.changes).toBe(true);
    expect(diff.replaces).toEqual(replaced.includes(key) ? [key] : []);
    if (replaced.includes(key)) return;
    if (key === "gateway") {
      await expect(bridge.update(id, props, news)).rejects.toThrow(
        "Default gateway already exists on interface 'vmbr0'",
      );
      expect((await interfaces()).changes).toBeUndefined();
      return;
    }
    const { outs } = await bridge.update(id, props, news);
    expect(await device()).toMatchObject(expected ?? {});
    expect(await isQuiet(id, outs ?? {}, news)).toBe(true);
    if (key === "vlanAware")
      expect(await device()).not.toHaveProperty("bridge_vlan_aware");
    if (key === "autostart")
      expect(await device()).not.toHaveProperty("autostart");
    if (key === "bonds") {
      expect(await device("bond0")).toMatchObject({
        slaves: "eno2 eno3",
        bond_mode: "active-backup",
        "bond-primary": "eno3",
        mtu: "9000",
      });
    }
  },
);

test("the table above has a row for each input", async () => {
  const { schema } = await import("../../providers/proxmox/bridge/model");
  expect(Object.keys(changes).sort()).toEqual(Object.keys(schema.shape).sort());
});

const optional = [
  "vlanIds",
  "bonds",
  "mtu",
  "address",
  "address6",
  "gateway6",
  "comments",
];

test.each(optional)("%s that is no longer declared is unset", async (key) => {
  const { id, props } = await create(full);
  const { [key]: _gone, ...news }: Values = full;
  if (key === "bonds") news.ports = ["eno2", "eno4"];
  if (key === "address6") delete news.gateway6;
  const { outs } = await bridge.update(id, props, news);
  const now = await device();
  const option =
    { vlanIds: "bridge_vids", address: "cidr", address6: "cidr6" }[key] ?? key;
  if (key === "vlanIds") expect(now?.bridge_vids).toBe("2-4094");
  else if (key === "comments") expect(now?.comments).not.toContain("shelves");
  else expect(now).not.toHaveProperty(option);
  expect((await device("bond0")) === undefined).toBe(key === "bonds");
  expect(await isQuiet(id, outs ?? {}, news)).toBe(true);
});

const kept = {
  type: "bridge",
  autostart: 1,
  bridge_ports: "bond0 eno4",
  bridge_vlan_aware: 1,
  bridge_vids: "10 20-30",
  mtu: 1400,
  cidr: "10.0.0.2/24",
  cidr6: "fd00::2/64",
  gateway6: "fd00::1",
};
const drifts: [string, string, Values][] = [
  ["ports", "vmbr1", { ...kept, bridge_ports: "bond0" }],
  ["vlanAware", "vmbr1", { ...kept, delete: "bridge_vlan_aware" }],
  ["vlanIds", "vmbr1", { ...kept, bridge_vids: "10" }],
  ["mtu", "vmbr1", { ...kept, mtu: 1300 }],
  ["address", "vmbr1", { ...kept, cidr: "10.0.0.9/24" }],
  ["address6", "vmbr1", { ...kept, cidr6: "fd00::9/64" }],
  ["gateway6", "vmbr1", { ...kept, delete: "gateway6" }],
  ["autostart", "vmbr1", { ...kept, delete: "autostart" }],
  ["comments", "vmbr1", { ...kept, comments: "overwritten" }],
  ["owner", "vmbr1", { ...kept, delete: "comments" }],
  ["bonds", "bond0", { type: "bond", slaves: "eno2", bond_mode: "balance-rr" }],
];

test.each(drifts)(
  "drift of %s is read, and mended by the next update",
  async (_key, name, setting) => {
    const { id, props } = await create(full);
    const { delete: unset, ...params } = setting as Record<string, string>;
    for (const key of unset?.split(",") ?? []) delete params[key];
    await request("PUT", `${network}/${name}`, {
      ...params,
      ...(unset ? { delete: unset } : {}),
    });
    await reload();
    const found = await bridge.read(id, props);
    expect((await bridge.diff(id, found.props ?? {}, full)).changes).toBe(true);
    const { outs } = await bridge.update(id, found.props ?? {}, full);
    expect(await isQuiet(id, outs ?? {}, full)).toBe(true);
  },
);

test("a bridge that is gone reads as nothing, and so does another owner's", async () => {
  const { id, props } = await create();
  const other = { ...props, owner: "site/Bridge/other" };
  expect(await bridge.read(id, other)).toEqual({});
  await request("DELETE", `${network}/vmbr1`);
  await reload();
  expect(await bridge.read(id, props)).toEqual({});
  await bridge.delete(id, props);
});

test("an unmarked bridge is left alone, unless it is to be adopted", async () => {
  await expect(bridge.create(own({ adopt: false }))).rejects.toThrow(
    'bridge "vmbr0" stands on host "pve" and carries no mark of this site. Choose another name, or set adopt: true',
  );
  await expect(
    bridge.create(declared({ name: "eno3", ports: [] })),
  ).rejects.toThrow('"eno3" on host "pve" is no bridge, its type is eth');
});

test("adoption keeps what is not declared, and deletion leaves the bridge without the mark", async () => {
  const before = await device("vmbr0");
  await request("PUT", `${network}/vmbr0`, {
    type: "bridge",
    cidr: String(before?.cidr),
    mtu: 1500,
    comments: "the rack's\nuplink",
  });
  await reload();
  const standing = await device("vmbr0");
  const { id, props } = await create(own());
  expect(props.adopted).toBe(true);
  expect(await device("vmbr0")).toEqual({
    ...standing,
    comments:
      "the rack's\nuplink\n\n<!-- hybrid-site owner=site/Bridge/storage id=vmbr0+adopted -->\n",
  });
  expect(await isQuiet(id, props, own())).toBe(true);
  await bridge.delete(id, props);
  expect(await device("vmbr0")).toEqual(standing);
});

test("an adopted bridge whose mark and state were lost on the way is still not taken away", async () => {
  await create(own());
  const { id, props } = await create(own({ adopt: false }));
  expect(props.adopted).toBe(true);
  await bridge.delete(id, props);
  expect(await device("vmbr0")).toMatchObject({ active: 1 });
});

test("another owner's bridge or bond is an error that says whose it is", async () => {
  await create(full);
  await expect(
    bridge.create(declared({ owner: "site/Bridge/second", adopt: true })),
  ).rejects.toThrow(
    'bridge "vmbr1" on host "pve" belongs to "site/Bridge/storage"',
  );
  await expect(
    bridge.create({
      ...full,
      owner: "site/Bridge/second",
      name: "vmbr2",
      ports: ["bond0"],
    }),
  ).rejects.toThrow(
    'bond "bond0" on host "pve" belongs to "site/Bridge/storage"',
  );
});

test("a member of another bridge is refused by PVE, and nothing stays staged", async () => {
  await create();
  const name = "vmbr2";
  await expect(bridge.create(declared({ name }))).rejects.toThrow(
    "eno2 is already used on interface 'vmbr1'",
  );
  expect((await interfaces()).changes).toBeUndefined();
});

test("a card moves into a bond and out again", async () => {
  const { id, props } = await create();
  const bonded = declared({
    ports: ["bond0"],
    bonds: { bond0: { mode: "802.3ad", slaves: ["eno2", "eno3"] } },
  });
  const { outs } = await bridge.update(id, props, bonded);
  expect(await device("bond0")).toMatchObject({ slaves: "eno2 eno3" });
  expect(await device()).toMatchObject({ bridge_ports: "bond0", active: 1 });
  await bridge.update(id, outs ?? {}, declared());
  expect(await device("bond0")).toBeUndefined();
  expect(await device()).toMatchObject({ bridge_ports: "eno2", active: 1 });
});

test("deletion takes the bridge and its bonds", async () => {
  const { id, props } = await create(full);
  await bridge.delete(id, props);
  expect(await device()).toBeUndefined();
  expect(await device("bond0")).toBeUndefined();
});

test("a bridge that guests use is not deleted, and they are named", async () => {
  const { id, props } = await create();
  await machines(lab).create(
    machine({ nics: { net0: { bridge: "vmbr1" } }, power: "stopped" }),
  );
  await expect(bridge.delete(id, props)).rejects.toThrow(
    /bridge "vmbr1" on node "pve" is in use by guest \d+ "web"/,
  );
  expect(await device()).toMatchObject({ active: 1 });
});

test.each([
  [
    "a bond that is no member",
    { bonds: { bond1: { mode: "802.3ad", slaves: ["eno3"] } } },
    "must be among the ports",
  ],
  [
    "a hash policy that PVE would drop",
    {
      ports: ["bond0"],
      bonds: {
        bond0: {
          mode: "active-backup",
          slaves: ["eno3"],
          xmitHashPolicy: "layer2",
        },
      },
    },
    "is for the modes balance-xor and 802.3ad only",
  ],
  [
    "a primary that is no slave",
    {
      ports: ["bond0"],
      bonds: {
        bond0: { mode: "active-backup", slaves: ["eno3"], primary: "eno4" },
      },
    },
    "must be one of the slaves",
  ],
  [
    "VLANs of a bridge that knows none",
    { vlanAware: false, vlanIds: [10] },
    "needs vlanAware: true",
  ],
  ["a gateway without an address", { gateway: "10.0.0.1" }, "needs an address"],
  [
    "a name that Linux does not take",
    { name: "a-very-long-bridge-name" },
    "must be 2 to 15 letters",
  ],
])("%s is refused at preview", async (_what, change, why) => {
  const { failures } = await bridge.check({}, declared(change));
  expect(failures?.map(({ reason }) => reason).join()).toContain(why);
});

import type { EngineWatch } from "../../providers/dynamic/engine";
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

const declared = (changes: Values = {}): Values => ({
  owner: "site/Bridge/storage",
  host: "pve",
  node: "pve",
  name: "vmbr1",
  vlanAware: true,
  ports: ["eno2"],
  timeouts: { create: 8, update: 8, delete: 8 },
  ...changes,
});
/** The host's own, which has its address and its only way out. */
const own = (changes: Values = {}) =>
  declared({ name: "vmbr0", ports: ["eno1"], adopt: true, ...changes });

const network = "/nodes/pve/network";
const request = <T = unknown>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  params?: Record<string, string | number | boolean>,
) => lab.session().request<T>(method, path, params);
const interfaces = () =>
  request<(Values & { iface: string })[] & { changes?: string }>(
    "GET",
    network,
  );
const device = async (name = "vmbr1") =>
  (await interfaces()).find(({ iface }) => iface === name);
async function reload() {
  const session = lab.session();
  await session.task(await session.request("PUT", network), "reload");
}

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

const full = declared({
  vlanIds: [10, "20-30"],
  ports: ["bond0", "eno4"],
  bonds: {
    bond0: { mode: "802.3ad", slaves: ["eno2"], xmitHashPolicy: "layer2+3" },
  },
  mtu: 1400,
  address: "10.0.0.2/24",
  address6: "fd00::2/64",
  gateway6: "fd00::1",
  autostart: true,
  comments: "to the shelves",
});
/** Every input: a change, and what the host then has. */
const changes: Record<string, [unknown, Values]> = {
  owner: [
    "site/Bridge/other",
    { comments: expect.stringContaining("owner=site/Bridge/other") },
  ],
  vlanAware: [false, {}],
  vlanIds: [[40, 41, 42], { bridge_vids: "40-42" }],
  ports: [["bond0", "eno3"], { bridge_ports: "bond0 eno3" }],
  bonds: [
    {
      bond0: {
        mode: "active-backup",
        slaves: ["eno2", "eno3"],
        primary: "eno3",
        mtu: 9000,
      },
    },
    {},
  ],
  mtu: [1500, { mtu: "1500" }],
  address: ["10.0.0.3/16", { cidr: "10.0.0.3/16" }],
  gateway: ["10.0.0.1", {}],
  address6: ["fd00::3/64", { cidr6: "fd00::3/64", gateway6: "fd00::1" }],
  gateway6: ["fd00::9", { gateway6: "fd00::9" }],
  autostart: [false, {}],
  comments: [
    "other\nwords",
    { comments: expect.stringMatching(/^other\nwords\n\n<!-- hybrid-site/) },
  ],
  timeouts: [{ update: 9 }, {}],
  adopt: [true, {}],
  recoveryPortInUse: [true, {}],
  host: ["left", {}],
  node: ["left", {}],
  name: ["vmbr2", {}],
};
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
  await expect(bridge.create(declared({ ports: ["eno1"] }))).rejects.toThrow(
    "eno1 is already used on interface 'vmbr0'",
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

test("somebody else's staged change is shown, and neither applied nor undone", async () => {
  const params = { iface: "vmbr9", type: "bridge", autostart: 1 };
  await request("POST", network, params);
  await expect(bridge.create(declared())).rejects.toThrow(
    /somebody has staged changes of the network on node "pve"[\s\S]*\+auto vmbr9/,
  );
  expect((await interfaces()).changes).toContain("+iface vmbr9 inet manual");
  expect(await device()).toBeUndefined();
});

test("a staged change of somebody else beside our own is not applied either", async () => {
  await stageAndDie(declared());
  await request("PUT", `${network}/eno4`, { type: "eth", comments: "theirs" });
  await expect(bridge.create(declared())).rejects.toThrow("+#theirs");
  expect(await device()).not.toHaveProperty("active");
});

/** A provider whose engine dies between the staging and the apply. */
async function stageAndDie(inputs: Values) {
  let staged = false;
  let isDead = true;
  const engine = {
    signal: new AbortController().signal,
    ensure: async () => {
      if (staged && isDead) throw new Error("the engine is gone");
      staged = true;
    },
  };
  const dying = bridges(lab, engine as unknown as EngineWatch);
  await expect(dying.create(inputs)).rejects.toThrow("the engine is gone");
  isDead = false;
}

test("what a crash left staged is taken up by the next run", async () => {
  await stageAndDie(declared());
  expect((await interfaces()).changes).toContain("+auto vmbr1");
  expect(await device()).not.toHaveProperty("active");
  const { id, props } = await create();
  expect(await device()).toMatchObject({ active: 1 });
  expect(await isQuiet(id, props, declared())).toBe(true);
});

test("a crash amid the adoption of the host's own bridge is taken up too", async () => {
  await stageAndDie(own());
  const { props } = await create(own());
  expect(props.adopted).toBe(true);
  expect((await interfaces()).changes).toBeUndefined();
});

test.each([`POST ${network}`, `PUT ${network}`, `GET ${network}`])(
  "a lost reply of %s is settled by looking",
  async (match) => {
    lab.control({
      do: "fault",
      fault: { kind: "error-after", match, count: 1 },
    });
    const { id, props } = await create();
    expect(await device()).toMatchObject({ active: 1 });
    expect(await isQuiet(id, props, declared())).toBe(true);
  },
);

test("a new bridge that does not come up is taken away again", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "bridge-down", match: "vmbr1", count: 1 },
  });
  await expect(bridge.create(declared())).rejects.toThrow(
    /bridge "vmbr1" did not come up\. The previous definition was put back, and the host answers/,
  );
  expect(await device()).toBeUndefined();
  expect((await interfaces()).changes).toBeUndefined();
});

test("a changed bridge that does not come up is put back as it was", async () => {
  const { id, props } = await create(full);
  const before = await device();
  lab.control({
    do: "fault",
    fault: { kind: "bridge-down", match: "vmbr1", count: 1 },
  });
  const news = { ...full, ports: ["eno3"], mtu: 1500, bonds: undefined };
  await expect(bridge.update(id, props, news)).rejects.toThrow(
    "The previous definition was put back",
  );
  const { priority: _place, ...standing } = before ?? { priority: 0 };
  expect(await device()).toMatchObject(standing);
  expect(await device("bond0")).toMatchObject({ active: 1, slaves: "eno2" });
  await bridge.update(id, props, news);
  expect(await device()).toMatchObject({ bridge_ports: "eno3", active: 1 });
});

test("a reload that fails is undone, with what PVE says", async () => {
  lab.control({ do: "fault", fault: { kind: "reload-fails", count: 1 } });
  await expect(bridge.create(declared())).rejects.toThrow(
    /ifreload -a' failed: exit code 1.*The previous definition was put back/,
  );
  expect(await device()).toBeUndefined();
});

test("bridges of one node that are made at the same time do not meet", async () => {
  const names = ["vmbr1", "vmbr2", "vmbr3"];
  await Promise.all(
    names.map((name, at) =>
      bridge.create(
        declared({
          name,
          owner: `site/Bridge/${name}`,
          ports: [`eno${at + 2}`],
          timeouts: { create: 30 },
        }),
      ),
    ),
  );
  for (const name of names)
    expect(await device(name)).toMatchObject({ active: 1 });
});

const cutting: [string, Values, string][] = [
  [
    "another address",
    { address: "127.0.0.2/24" },
    "cidr 127.0.0.1/24 would be 127.0.0.2/24",
  ],
  [
    "another prefix",
    { address: "127.0.0.1/16" },
    "cidr 127.0.0.1/24 would be 127.0.0.1/16",
  ],
  [
    "another gateway",
    { address: "127.0.0.1/24", gateway: "127.0.0.9" },
    "gateway 127.0.0.254 would be 127.0.0.9",
  ],
  ["no members", { ports: [] }, "none of its members (eno1) would stay"],
  ["other members", { ports: ["eno2"] }, "none of its members (eno1) would"],
  [
    "its member in a new bond",
    {
      ports: ["bond0"],
      bonds: { bond0: { mode: "802.3ad", slaves: ["eno1", "eno2"] } },
    },
    "none of its members (eno1) would stay",
  ],
  ["no start", { autostart: false }, "would not come up when the host starts"],
];

test.each(cutting)(
  "%s of the management's bridge is refused before anything is staged",
  async (_what, change, why) => {
    lab.requests();
    const failure = bridge.create(own(change));
    await expect(failure).rejects.toThrow(
      'the change of "vmbr0" would cut host "pve" off',
    );
    await expect(failure).rejects.toThrow(why);
    const writes = lab.requests().filter((line) => !line.startsWith("GET"));
    expect(writes).toEqual([]);
  },
);

test("an address that is no longer declared would be cut too", async () => {
  const inputs = own({ address: "127.0.0.1/24", gateway: "127.0.0.254" });
  const { id, props } = await create(inputs);
  await expect(bridge.update(id, props, own())).rejects.toThrow(
    "cidr 127.0.0.1/24 would be unset",
  );
});

test("a member more, and VLAN awareness under an untagged address, cut nothing", async () => {
  const { id, props } = await create(own({ ports: ["eno1", "eno2"] }));
  const news = own({ ports: ["eno1", "eno2"], vlanAware: false });
  await bridge.update(id, props, news);
  expect(await device("vmbr0")).toMatchObject({ bridge_ports: "eno1 eno2" });
});

/** The management address on a VLAN of the bridge, with its gateway. */
async function moveToVlan() {
  await request("PUT", `${network}/vmbr0`, {
    type: "bridge",
    bridge_ports: "eno1",
    bridge_vlan_aware: 1,
    autostart: 1,
    delete: "cidr,gateway",
  });
  await request("POST", network, {
    iface: "vmbr0.10",
    type: "vlan",
    cidr: "127.0.0.1/24",
    gateway: "127.0.0.254",
    autostart: 1,
  });
  await reload();
}

test.each([
  [{ vlanAware: false }, "no longer be VLAN-aware under VLAN 10"],
  [{ vlanIds: [20, "30-40"] }, "no longer carry VLAN 10"],
  [{ ports: ["eno2"] }, "none of its members (eno1) would stay"],
])(
  "with the management address on a VLAN, %j is refused",
  async (change, why) => {
    await moveToVlan();
    await expect(bridge.create(own(change))).rejects.toThrow(why);
    await create(own({ vlanIds: ["2-20"] }));
  },
);

test("an endpoint that no interface has is taken to come in by the default gateway", async () => {
  const { cutsOf } = await import("../../providers/proxmox/bridge/management");
  const found = new Map((await interfaces()).map((item) => [item.iface, item]));
  const goes = [{ name: "vmbr0", type: "bridge" }];
  expect(await cutsOf("https://192.0.2.1:8006", found as never, goes)).toEqual([
    'it carries the management address 127.0.0.1/24 of "vmbr0" and would go',
  ]);
});

test("with the operator at the recovery port the cut is made, and the error says what is left to do", async () => {
  const inputs = own({ ports: ["eno2"], recoveryPortInUse: true });
  await expect(bridge.create(inputs)).resolves.toBeDefined();
  const none = own({
    ports: [],
    recoveryPortInUse: true,
    timeouts: { create: 12 },
  });
  await expect(bridge.create(none)).rejects.toThrow(
    /host "pve" does not answer since its network was changed .*Nothing can be put back from here: at its console or through its recovery port/,
  );
  lab.control({ do: "recover-network", node: "pve" });
  expect(await device("vmbr0")).toMatchObject({ bridge_ports: "eno2" });
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

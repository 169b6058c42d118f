import type { EngineWatch } from "../../providers/dynamic/engine";
import {
  bridgeInputs as declared,
  fullBridge,
  hostNetwork,
  network,
  ownBridge as own,
} from "../support/host-network";
import { bridges, type Provider } from "../support/provider";
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

/** A provider beside which somebody stages a change before its first write. */
function meeting(stageTheirs: () => Promise<unknown>) {
  let isFirst = true;
  const engine = {
    signal: new AbortController().signal,
    ensure: async () => {
      if (!isFirst) return;
      isFirst = false;
      await stageTheirs();
    },
  };
  return bridges(lab, engine as unknown as EngineWatch);
}

const stageTheirs = () =>
  request("PUT", `${network}/eno4`, { type: "eth", mtu: 1400 });

test("a change that somebody stages while we do stays theirs, and ours is taken out again", async () => {
  await expect(meeting(stageTheirs).create(declared())).rejects.toThrow(
    'somebody else has staged changes of eno4 on node "pve" just now',
  );
  expect((await interfaces()).changes).toContain("+\tmtu 1400");
  expect(await device()).toBeUndefined();
});

test.each([
  ["our staging", `POST ${network}`],
  ["taking ours out", `DELETE ${network}/*`],
])(
  "a lost reply of %s takes nothing of somebody else's away",
  async (_what, match) => {
    lab.control({
      do: "fault",
      fault: { kind: "error-after", match, count: 1 },
    });
    await expect(meeting(stageTheirs).create(declared())).rejects.toThrow(
      'somebody else has staged changes of eno4 on node "pve" just now',
    );
    expect((await interfaces()).changes).toContain("+\tmtu 1400");
    expect(await device()).toBeUndefined();
  },
);

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
  const { id, props } = await create(fullBridge);
  const before = await device();
  lab.control({
    do: "fault",
    fault: { kind: "bridge-down", match: "vmbr1", count: 1 },
  });
  const news = { ...fullBridge, ports: ["eno3"], mtu: 1500, bonds: undefined };
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

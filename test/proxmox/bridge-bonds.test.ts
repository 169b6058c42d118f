import {
  bridgeInputs as declared,
  hostNetwork,
  network,
  ownBridge as own,
} from "../support/host-network";
import { bridges, type Provider } from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let bridge: Provider;

beforeEach(async () => {
  lab = await testLab();
  bridge = bridges(lab);
});
afterEach(() => lab.stop());

const { request, device, reload } = hostNetwork(() => lab);
const bonded = (slaves: string[], mode = "active-backup") =>
  declared({ ports: ["bond0"], bonds: { bond0: { mode, slaves } } });
/** The management address lies on something else than the host's own bridge. */
const manage = async (iface: string, type: string) => {
  const address = { cidr: "127.0.0.1/24", gateway: "127.0.0.254" };
  await request("PUT", `${network}/vmbr0`, {
    type: "bridge",
    autostart: 1,
    delete: "cidr,gateway,bridge_ports",
  });
  const known = (await device(iface)) !== undefined;
  const params = { type, autostart: 1, ...address };
  if (known) await request("PUT", `${network}/${iface}`, params);
  else await request("POST", network, { iface, ...params });
  await reload();
};

test("a new bond that would take the card with the management address is refused", async () => {
  await manage("eno1", "eth");
  await expect(bridge.create(bonded(["eno1"]))).rejects.toThrow(
    /"bond0" would take eno1, which carries the management address/,
  );
  expect(await device()).toBeUndefined();
});

test.each([
  ["all its slaves are others", bonded(["eno3"])],
  ["its mode is another", bonded(["eno2"], "802.3ad")],
])(
  "a change of the bond under the management VLAN is refused where %s",
  async (_what, news) => {
    const { id, outs = {} } = await bridge.create(bonded(["eno2"]));
    await manage("bond0.5", "vlan");
    await expect(bridge.update(id, outs, news)).rejects.toThrow(
      /bond "bond0" carries the management address .* of "bond0\.5"/,
    );
  },
);

test("a slave more under the management VLAN cuts nothing", async () => {
  const { id, outs = {} } = await bridge.create(bonded(["eno2"]));
  await manage("bond0.5", "vlan");
  await bridge.update(id, outs, bonded(["eno2", "eno3"]));
  expect(await device("bond0")).toMatchObject({ slaves: "eno2 eno3" });
});

const bondOf = (slaves: string[], mode = "active-backup") => ({
  bond0: { mode, slaves },
});

test.each([
  ["all its slaves are others", bondOf(["eno3"])],
  ["its mode is another", bondOf(["eno1"], "802.3ad")],
])(
  "a change of the bond alone under the management bridge is refused where %s",
  async (_what, bonds) => {
    const inputs = own({ ports: ["bond0"], bonds: bondOf(["eno1"]) });
    const atPort = { ...inputs, recoveryPortInUse: true };
    const { id, outs = {} } = await bridge.create(atPort);
    await expect(bridge.update(id, outs, { ...inputs, bonds })).rejects.toThrow(
      "none of its members (bond0) would stay",
    );
  },
);

test("a bond of another bridge that would take the management bridge's card is refused", async () => {
  const { cutsOf } = await import("../../providers/proxmox/bridge/management");
  const { readInterfaces } = await import(
    "../../providers/proxmox/bridge/interfaces"
  );
  const { found } = await readInterfaces(lab.session(), "pve");
  const settings = { slaves: "eno1", bond_mode: "active-backup" };
  const takes = [{ name: "bond0", type: "bond", settings }];
  expect(await cutsOf("https://127.0.0.1:8006", found, takes)).toEqual([
    expect.stringContaining("none of its members (eno1) would stay"),
  ]);
});

test("the primary slave of a bond leaves it, for another and for a mode without one", async () => {
  const withPrimary = (slaves: string[], primary: string) =>
    declared({
      ports: ["bond0"],
      bonds: { bond0: { mode: "active-backup", slaves, primary } },
    });
  const { id, outs = {} } = await bridge.create(
    withPrimary(["eno2", "eno3"], "eno3"),
  );
  const other = withPrimary(["eno2", "eno4"], "eno4");
  const { outs: moved = {} } = await bridge.update(id, outs, other);
  expect(await device("bond0")).toMatchObject({ "bond-primary": "eno4" });
  await bridge.update(id, moved, bonded(["eno2"], "802.3ad"));
  expect(await device("bond0")).toMatchObject({ slaves: "eno2" });
  expect(await device("bond0")).not.toHaveProperty("bond-primary");
});

test("a change of the bond under a VLAN that is the management bridge's port is refused", async () => {
  const { id, outs = {} } = await bridge.create(bonded(["eno2"]));
  const vlan = { iface: "bond0.5", type: "vlan", autostart: 1 };
  await request("POST", network, vlan);
  await request("PUT", `${network}/vmbr0`, {
    type: "bridge",
    autostart: 1,
    cidr: "127.0.0.1/24",
    gateway: "127.0.0.254",
    bridge_ports: "bond0.5",
  });
  await reload();
  await expect(bridge.update(id, outs, bonded(["eno3"]))).rejects.toThrow(
    "none of its members (bond0.5) would stay",
  );
});

test("a host that is slow to answer is put back all the same", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "bridge-down", match: "vmbr1", count: 1 },
  });
  lab.control({
    do: "fault",
    fault: { kind: "latency", match: "GET /nodes/*/network", ms: 900 },
  });
  const timeouts = { create: 30 };
  await expect(bridge.create(declared({ timeouts }))).rejects.toThrow(
    /did not come up\. The previous definition was put back/,
  );
  lab.control({ do: "clear-faults" });
  expect(await device()).toBeUndefined();
}, 60_000);

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestLab, testLab } from "../support/proxmox";

type Params = Record<string, string | number | boolean>;
type Interface = Record<string, unknown> & { iface: string };

let lab: TestLab;
beforeEach(async () => {
  lab = await testLab();
});
afterEach(() => lab.stop());

const network = "/nodes/pve/network";
const request = <T = unknown>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path = network,
  params?: Params,
) => lab.session().request<T>(method, path, params);
const list = (params?: Params) =>
  request<Interface[] & { changes?: string }>("GET", network, params);
const find = async (name: string) =>
  (await list()).find(({ iface }) => iface === name);
async function reload() {
  const session = lab.session();
  await session.task(await session.request("PUT", network), "reload");
}
async function expectNoAnswer() {
  const session = lab.session(AbortSignal.timeout(300));
  await expect(session.request("GET", network)).rejects.toThrow(
    "broke the connection",
  );
}
const bridge = (params: Params = {}) => ({
  iface: "vmbr1",
  type: "bridge",
  autostart: 1,
  bridge_ports: "eno2",
  ...params,
});

test("a node begins with its bridge, over a card, with the address that it listens on", async () => {
  expect(await find("vmbr0")).toMatchObject({
    type: "bridge",
    active: 1,
    method: "static",
    address: "127.0.0.1",
    cidr: "127.0.0.1/24",
    bridge_ports: "eno1",
    bridge_vids: "2-4094",
    families: ["inet"],
  });
  expect(await find("eno3")).toMatchObject({ type: "eth", exists: 1 });
  expect(await list({ type: "any_bridge" })).toHaveLength(1);
});

test("a change is staged, shown as a diff, and undone by a revert", async () => {
  await request("POST", network, bridge());
  const staged = await list();
  expect(staged.changes).toContain("+iface vmbr1 inet manual\n+\tbridge-ports");
  expect(staged.find(({ iface }) => iface === "vmbr1")).not.toHaveProperty(
    "active",
  );
  await request("DELETE");
  expect((await list()).changes).toBeUndefined();
  expect(await find("vmbr1")).toBeUndefined();
});

test("an apply is a task, after which the bridge is up and guests may use it", async () => {
  await request("POST", network, bridge({ comments: "one\ntwo" }));
  await reload();
  expect((await list()).changes).toBeUndefined();
  expect(await find("vmbr1")).toMatchObject({
    active: 1,
    comments: "one\ntwo\n",
  });
  await request("POST", "/nodes/pve/qemu", {
    vmid: 100,
    net0: "virtio,bridge=vmbr1",
  });
  const session = lab.session();
  await session.task(
    await session.request("POST", "/nodes/pve/qemu/100/status/start"),
    "start",
  );
});

test("an update merges, but an address that is not sent is none", async () => {
  await request("POST", network, {
    ...bridge({ bridge_vlan_aware: 1, mtu: 1400 }),
    cidr: "10.0.0.1/24",
    cidr6: "fd00::1/64",
  });
  await request("PUT", `${network}/vmbr1`, {
    type: "bridge",
    cidr6: "fd00::1/64",
    delete: "mtu",
  });
  const now = await find("vmbr1");
  expect(now).toMatchObject({ bridge_vlan_aware: 1, cidr6: "fd00::1/64" });
  expect(now).not.toHaveProperty("cidr");
  expect(now).not.toHaveProperty("mtu");
  // Its mere presence turns it on: only deletion turns it off.
  await request("PUT", `${network}/vmbr1`, {
    type: "bridge",
    bridge_vlan_aware: 0,
  });
  expect(await find("vmbr1")).toMatchObject({ bridge_vlan_aware: 1 });
});

test("what does not start with the host is not brought up by a reload", async () => {
  await request("POST", network, bridge({ autostart: 0 }));
  await reload();
  expect(await find("vmbr1")).not.toHaveProperty("active");
});

const bond = { iface: "bond0", type: "bond", slaves: "eno2 eno3" };

test.each<[string, Params, string]>([
  [
    "an unknown parameter",
    bridge({ colour: 1 }),
    "colour: property is not defined in schema",
  ],
  [
    "an unknown type",
    bridge({ type: "tunnel" }),
    "type: value 'tunnel' does not have a value in the enumeration",
  ],
  [
    "a name that is none",
    bridge({ iface: "7x" }),
    "iface: invalid format - invalid network interface name '7x'",
  ],
  [
    "an address without a mask",
    bridge({ cidr: "10.0.0.1" }),
    "cidr: invalid format - value does not look like a valid IPv4 CIDR network",
  ],
  [
    "an IPv6 address that is none",
    bridge({ cidr6: "10.0.0.1/24" }),
    "cidr6: invalid format",
  ],
  [
    "an address without its netmask",
    bridge({ address: "10.0.0.1" }),
    "netmask: missing property - 'address' requires this property",
  ],
  [
    "an address twice",
    bridge({
      cidr: "10.0.0.1/24",
      address: "10.0.0.1",
      netmask: "255.255.255.0",
    }),
    "address: address conflicts with cidr",
  ],
  [
    "an MTU too small",
    bridge({ mtu: 1000 }),
    "mtu: value must have a minimum value of 1280",
  ],
  [
    "a member that is no name",
    bridge({ bridge_ports: "eno2 -" }),
    "bridge_ports: invalid format",
  ],
  [
    "a bridge that is there",
    bridge({ iface: "vmbr0" }),
    "iface: interface already exists",
  ],
  [
    "a second gateway",
    bridge({ cidr: "10.0.0.1/24", gateway: "10.0.0.9" }),
    "gateway: Default gateway already exists on interface 'vmbr0'",
  ],
  [
    "a member of another bridge",
    bridge({ bridge_ports: "eno1" }),
    "bridge_ports: eno1 is already used on interface 'vmbr0'",
  ],
  [
    "a slave of another bridge's",
    { ...bond, slaves: "eno1" },
    "slaves: eno1 is already used on interface 'vmbr0'",
  ],
  [
    "a member that is not there",
    bridge({ bridge_ports: "eno9" }),
    "bridge 'vmbr1' - unable to find bridge port 'eno9'",
  ],
  [
    "an MTU above its member's",
    bridge({ mtu: 9000 }),
    "interface 'eno2' - mtu 1500 is lower than 'vmbr1' - mtu 9000",
  ],
  [
    "a slave that is not there",
    { ...bond, slaves: "eno9" },
    "bond 'bond0' - unable to find slave 'eno9'",
  ],
  [
    "a slave that is a bridge",
    { ...bond, slaves: "vmbr0" },
    "wrong interface type on slave 'vmbr0' ('bridge' != 'eth or bond')",
  ],
  [
    "a primary that is no slave",
    { ...bond, bond_mode: "active-backup", "bond-primary": "eno4" },
    "bond 'bond0' - bond-primary interface is not a slave",
  ],
  [
    "a mode that is none",
    { ...bond, bond_mode: "fast" },
    "bond_mode: value 'fast' does not have a value",
  ],
  [
    "a VLAN without a parent",
    { iface: "eno9.5", type: "vlan" },
    "vlan 'eno9.5' - unable to find parent 'eno9'",
  ],
  [
    "a VLAN of no interface",
    { iface: "vlan5", type: "vlan" },
    "missing vlan-raw-device option",
  ],
  [
    "Open vSwitch, which is not installed",
    bridge({ type: "OVSBridge" }),
    "Open VSwitch is not installed",
  ],
])(
  "%s is refused in PVE's words, and nothing is staged",
  async (_what, params, why) => {
    await expect(request("POST", network, params)).rejects.toThrow(why);
    expect((await list()).changes).toBeUndefined();
  },
);

test.each<["GET" | "PUT" | "DELETE", string, Params, string]>([
  ["GET", "vmbr9", {}, "iface: interface does not exist"],
  ["PUT", "vmbr9", { type: "bridge" }, "iface: interface does not exist"],
  ["DELETE", "vmbr9", {}, "iface: interface does not exist"],
  ["PUT", "vmbr0", { mtu: 1500 }, "type: property is missing"],
])("%s of %s with %j is refused", async (method, name, params, why) => {
  await expect(request(method, `${network}/${name}`, params)).rejects.toThrow(
    why,
  );
});

test("a bridge under a VLAN, and a member with an address, are refused", async () => {
  await request("POST", network, { iface: "vmbr0.5", type: "vlan" });
  await expect(request("DELETE", `${network}/vmbr0`)).rejects.toThrow(
    "vlan 'vmbr0.5' - unable to find parent 'vmbr0'",
  );
  await request("PUT", `${network}/eno2`, { type: "eth", cidr: "10.9.0.1/24" });
  await expect(request("POST", network, bridge())).rejects.toThrow(
    "iface eno2 - ip address can't be set on interface if bridged in vmbr1",
  );
});

test.each<["POST" | "PUT" | "DELETE", string]>([
  ["POST", network],
  ["PUT", network],
  ["DELETE", network],
  ["PUT", `${network}/vmbr0`],
  ["DELETE", `${network}/vmbr0`],
])("%s %s needs Sys.Modify", async (method, path) => {
  lab.control({ do: "revoke", node: "pve", privilege: "Sys.Modify" });
  const params =
    method === "DELETE" || (method === "PUT" && path === network)
      ? {}
      : bridge();
  const { iface: _iface, ...update } = bridge();
  await expect(
    request(
      method,
      path,
      path === network ? params : method === "PUT" ? update : {},
    ),
  ).rejects.toThrow("Permission check failed (/nodes/pve, Sys.Modify)");
});

test("bridges are listed to those only who may use or audit them", async () => {
  lab.control({ do: "revoke", node: "pve", privilege: "SDN.Use" });
  expect(await find("vmbr0")).toBeUndefined();
  expect(await find("eno1")).toBeDefined();
});

test("a reload that fails leaves the new file, unapplied", async () => {
  await request("POST", network, bridge());
  lab.control({ do: "fault", fault: { kind: "reload-fails", count: 1 } });
  await expect(reload()).rejects.toThrow("command 'ifreload -a' failed");
  expect((await list()).changes).toBeUndefined();
  expect(await find("vmbr1")).not.toHaveProperty("active");
  await reload();
  expect(await find("vmbr1")).toMatchObject({ active: 1 });
});

const own = { type: "bridge", autostart: 1, bridge_vlan_aware: 1 };
const address = { cidr: "127.0.0.1/24", gateway: "127.0.0.254" };

test.each<[string, Params]>([
  ["its address", { ...own, bridge_ports: "eno1", delete: "cidr,gateway" }],
  [
    "its gateway",
    { ...own, bridge_ports: "eno1", cidr: address.cidr, delete: "gateway" },
  ],
  ["its members", { ...own, ...address, delete: "bridge_ports" }],
])(
  "a node that loses %s does not answer until its network is mended at the console",
  async (_what, params) => {
    await request("PUT", `${network}/vmbr0`, params);
    const session = lab.session();
    await session.request("PUT", network);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expectNoAnswer();
    lab.control({ do: "recover-network", node: "pve" });
    expect(await find("vmbr0")).toMatchObject({ active: 1, ...address });
  },
);

test("a VLAN that the bridge does not carry takes the address above it off the net", async () => {
  await request("PUT", `${network}/vmbr0`, {
    ...own,
    bridge_ports: "eno1",
    delete: "cidr,gateway",
  });
  await request("POST", network, {
    iface: "vmbr0.10",
    type: "vlan",
    autostart: 1,
    ...address,
  });
  await reload();
  expect(await find("vmbr0.10")).toMatchObject({ active: 1, "vlan-id": 10 });
  await request("PUT", `${network}/vmbr0`, {
    ...own,
    bridge_ports: "eno1",
    bridge_vids: "20 30-40",
  });
  await lab.session().request("PUT", network);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expectNoAnswer();
});

test("the network outlives a restart of the simulator", async () => {
  const directory = mkdtempSync(join(tmpdir(), "hybrid-site-test-"));
  const first = await testLab(directory);
  const session = first.session();
  await session.request("POST", network, bridge());
  await first.stop();
  const second = await testLab(directory);
  const found = await second
    .session()
    .request<{ changes?: string }>("GET", network);
  await second.stop();
  rmSync(directory, { recursive: true });
  expect(found.changes).toContain("+auto vmbr1");
});

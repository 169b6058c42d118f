import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
beforeEach(async () => {
  lab = await testLab();
});
afterEach(() => lab.stop());

const ask = (path: string) =>
  lab.session().request<Record<string, unknown>>("GET", path);
const drift = (
  kind: "interface" | "storage",
  name: string,
  change: "set" | "unset" | "delete",
  key?: string,
  value?: string,
) =>
  lab.control<string>({
    do: `drift-${kind}`,
    node: "pve",
    name,
    change,
    key,
    value,
  });

test("a setting of an interface is changed, unset, and up at once", async () => {
  const bridge = "/nodes/pve/network/vmbr0";
  expect(drift("interface", "vmbr0", "set", "mtu", "9000")).toBe(
    "interface vmbr0 of pve: set mtu 9000",
  );
  drift("interface", "vmbr0", "set", "cidr6", "fd00::5/64");
  expect(await ask(bridge)).toMatchObject({
    mtu: "9000",
    cidr6: "fd00::5/64",
    active: 1,
    cidr: "127.0.0.1/24",
  });
  expect(await ask("/nodes/pve/network")).not.toHaveProperty("changes");
  drift("interface", "vmbr0", "unset", "mtu");
  expect(await ask(bridge)).not.toHaveProperty("mtu");
});

test("a host that has lost its address answers again with what it had before", async () => {
  drift("interface", "vmbr0", "set", "mtu", "1400");
  drift("interface", "vmbr0", "unset", "cidr");
  const session = lab.session(AbortSignal.timeout(300));
  await expect(session.request("GET", "/version")).rejects.toThrow(
    "broke the connection",
  );
  lab.control({ do: "recover-network", node: "pve" });
  expect(await ask("/nodes/pve/network/vmbr0")).toMatchObject({
    mtu: "1400",
    cidr: "127.0.0.1/24",
  });
});

test("a definition of a storage is changed, unset and deleted", async () => {
  drift("storage", "fast", "set", "nodes", "other");
  drift("storage", "fast", "set", "sparse", "1");
  expect(await ask("/storage/fast")).toMatchObject({
    nodes: "other",
    sparse: 1,
  });
  expect(await ask("/nodes/pve/storage/fast/status")).toMatchObject({
    enabled: 0,
  });
  drift("storage", "fast", "unset", "nodes");
  expect(await ask("/storage/fast")).not.toHaveProperty("nodes");
  drift("storage", "fast", "delete");
  await expect(ask("/storage/fast")).rejects.toThrow("does not exist");
});

test.each<[Parameters<typeof drift>, string]>([
  [["interface", "vmbr7", "delete"], 'there is no interface "vmbr7", there'],
  [["interface", "vmbr0", "set", "colour", "red"], 'no setting "colour"'],
  [["interface", "vmbr0", "set", "mtu", "12"], 'mtu cannot be "12"'],
  [["storage", "slow", "delete"], 'there is no storage "slow", there are'],
  [["storage", "fast", "set", "server", "10.0.0.5"], 'no setting "server"'],
])("%j is refused with what there is", (args, why) => {
  expect(() => drift(...args)).toThrow(why);
});

describe("a guest and a token", () => {
  const guest = (change: "set" | "unset", key: string, value?: string) =>
    lab.control({ do: "drift", guest: "100", change, key, value });
  const config = () => ask("/nodes/pve/qemu/100/config");
  beforeEach(() =>
    lab.control({ do: "foreign", node: "pve", vmid: 100, name: "theirs" }),
  );

  test("a setting is changed as PVE keeps it, and unset", async () => {
    guest("set", "balloon", "256");
    guest("set", "net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0");
    expect(await config()).toMatchObject({
      balloon: 256,
      net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0",
    });
    guest("unset", "balloon");
    expect(await config()).not.toHaveProperty("balloon");
  });

  test.each<[Parameters<typeof guest>, string | RegExp]>([
    [
      ["set", "memroy", "1024"],
      /^there is no setting "memroy", there are acpi, .*, memory, .*, net\[n\], .*, watchdog$/,
    ],
    [["set", "net32", "virtio,bridge=vmbr0"], 'no setting "net32"'],
    [["unset", "memroy"], 'there is no setting "memroy", there are'],
    [["set", "cores", "many"], 'cores cannot be "many"'],
    [["set", "toString", "1"], 'no setting "toString"'],
  ])("%j is refused with what there is", async (args, why) => {
    const before = await config();
    expect(() => guest(...args)).toThrow(why);
    expect(await config()).toEqual(before);
  });

  test("a privilege that PVE does not have is not taken away", () => {
    const privilege = "VM.Monitor";
    expect(() => lab.control({ do: "revoke", node: "pve", privilege })).toThrow(
      /^there is no privilege "VM\.Monitor", there are Datastore\.Allocate, .*, VM\.Snapshot\.Rollback$/,
    );
  });
});

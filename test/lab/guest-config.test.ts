import { Api } from "../support/api";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let api: Api;
beforeEach(async () => {
  lab = await testLab();
  api = new Api(lab);
});
afterEach(() => lab.stop());

const base = "/nodes/pve/qemu";
const one = `${base}/100`;
const put = (params: Record<string, string>) =>
  api.run("PUT", `${one}/config`, params);
const make = (params: Record<string, string | number> = {}) =>
  api.run("POST", base, { vmid: 100, ...params });
const pending = async () =>
  (
    await api.send<{ key: string; delete?: number; pending?: unknown }[]>(
      "GET",
      `${one}/pending`,
    )
  ).data.filter((item) => item.pending !== undefined || item.delete);

test("values come back as PVE prints them", async () => {
  await make({
    cores: 2,
    onboot: 1,
    memory: 2048,
    tags: "b;A,b",
    description: "two\nlines\n\n",
    net0: "model=virtio,firewall=on,bridge=vmbr0,tag=5,macaddr=BC:24:11:00:00:01",
    boot: "order=net0",
    sshkeys: encodeURIComponent("ssh-ed25519 AAAA a@b"),
    ostype: "win11",
    machine: "q35",
  });
  await put({ cipassword: "secret" });
  const config = await api.config(100);
  expect(config).toMatchObject({
    cores: 2,
    onboot: 1,
    memory: "2048",
    tags: "a;b",
    description: "two\nlines",
    net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=5",
    cipassword: "**********",
    machine: "pc-q35-10.1",
    meta: expect.stringContaining("creation-qemu="),
  });
  expect(config.smbios1).toMatch(/^uuid=[0-9a-f-]{36}$/);
});

test("a NIC that is sent without a MAC address gets another", async () => {
  await make({ net0: "virtio,bridge=vmbr0" });
  const first = (await api.config(100)).net0;
  await put({ net0: "virtio,bridge=vmbr0" });
  expect((await api.config(100)).net0).not.toBe(first);
});

test("a digest is of the whole file, and another's change makes it old", async () => {
  await make();
  const { digest = "" } = await api.config(100);
  expect(await put({ name: "one", digest: `${digest}` })).toBe("OK");
  expect(await put({ name: "two", digest: `${digest}` })).toBe(
    "500 checksum mismatch (file change by other user?)",
  );
});

describe("of a running guest", () => {
  beforeEach(async () => {
    await make({
      start: 1,
      cores: 1,
      memory: 1024,
      ostype: "l26",
      agent: "1",
      scsi0: "fast:1",
      net0: "virtio,bridge=vmbr0",
      ide0: "fast:1",
      ide2: "fast:cloudinit",
      ciuser: "ops",
    });
  });

  /** [what, parameters, the keys that wait for the next start] */
  test.each<[string, Record<string, string>, string[]]>([
    ["name, tags and start order", { name: "a", tags: "x", onboot: "1" }, []],
    ["processors", { cores: "2" }, ["cores"]],
    ["processor weight", { cpuunits: "200", cpulimit: "1" }, []],
    ["memory", { memory: "2048" }, ["memory"]],
    ["ballooning within", { balloon: "512" }, []],
    ["ballooning off", { balloon: "0" }, ["balloon"]],
    ["a new disk", { scsi1: "fast:1" }, []],
    ["a new disk on a bus without hotplug", { sata0: "fast:1" }, ["sata0"]],
    ["a disk's backup flag", { scsi0: "fast:vm-100-disk-1,backup=0" }, []],
    ["a disk's cache", { scsi0: "fast:vm-100-disk-1,ssd=1" }, ["scsi0"]],
    ["a new NIC", { net1: "virtio,bridge=vmbr0" }, []],
    ["a USB device", { usb0: "spice" }, []],
    ["a display", { vga: "std" }, ["vga"]],
    ["the agent", { agent: "0" }, ["agent"]],
    ["trimming after a clone", { agent: "1,fstrim_cloned_disks=1" }, []],
    ["a disk gone", { delete: "scsi0" }, []],
    ["an IDE disk gone", { delete: "ide0" }, ["boot", "ide0"]],
    ["hotplug itself", { hotplug: "disk" }, []],
    ["hotplug of memory", { hotplug: "memory" }, ["hotplug"]],
  ])("%s: what waits", async (_what, params, keys) => {
    expect(await put(params)).toBe("OK");
    expect((await pending()).map(({ key }) => key)).toEqual(keys);
  });

  test("without hotplug a disk and a NIC wait", async () => {
    await put({ hotplug: "0" });
    await put({ scsi1: "fast:1", net1: "virtio,bridge=vmbr0" });
    expect((await pending()).map(({ key }) => key)).toEqual(["net1", "scsi1"]);
    expect(Object.keys(await api.config(100, { current: 1 }))).not.toContain(
      "scsi1",
    );
    expect(Object.keys(await api.config(100))).toContain("scsi1");
  });

  test("what waits can be taken back, or takes effect with the next start", async () => {
    await put({ cores: "4", vga: "std" });
    await put({ revert: "cores,vga" });
    expect(await pending()).toEqual([]);
    await put({ cores: "4", delete: "ide0", force: "1" });
    expect(await pending()).toMatchObject([
      { key: "boot", pending: "order=ide2;net0" },
      { key: "cores", value: 1, pending: 4 },
      { key: "ide0", value: expect.any(String), delete: 2 },
    ]);
    await api.run("POST", `${one}/status/stop`);
    expect(await pending()).toEqual([]);
    expect(await api.config(100)).toMatchObject({ cores: 4 });
  });

  test("a change that cannot be plugged is refused and waits", async () => {
    const answer = await api.send("PUT", `${one}/config`, {
      ide2: "fast:vm-100-disk-0",
    });
    expect(answer).toMatchObject({
      status: 400,
      errors: { ide2: expect.stringContaining("hotplug problem - unable to") },
    });
    expect((await pending()).map(({ key }) => key)).toEqual(["ide2"]);
  });

  test("cloud-init's changes wait for its drive to be written anew", async () => {
    await put({ ciuser: "other", searchdomain: "lan" });
    const { data } = await api.send("GET", `${one}/cloudinit`);
    expect(data).toEqual([
      { key: "searchdomain", pending: "lan" },
      { key: "ciuser", value: "ops", pending: "other" },
    ]);
    expect(await api.run("PUT", `${one}/cloudinit`)).toBe("OK");
    expect((await api.send("GET", `${one}/cloudinit`)).data).toEqual([
      { key: "ciuser", value: "other" },
      { key: "searchdomain", value: "lan" },
    ]);
    const dump = await api.send<string>("GET", `${one}/cloudinit/dump`, {
      type: "user",
    });
    expect(dump.data).toContain("user: other\n");
  });
});

test("a change by a worker answers with its task, or null once it is done in time", async () => {
  await make();
  const later = await api.send("POST", `${one}/config`, { name: "a" });
  expect(later.data).toMatch(/^UPID:pve:.*:qmconfig:100:/);
  const waited = await api.send("POST", `${one}/config`, {
    name: "b",
    background_delay: 5,
  });
  expect(waited).toMatchObject({ status: 200, data: null });
  expect((await api.config(100)).name).toBe("b");
});

test("a clone inherits all but its identity, and drops what waits and is unused", async () => {
  await make({
    scsi0: "fast:1",
    scsi1: "fast:1",
    net0: "virtio,bridge=vmbr0",
    tags: "x",
    description: "words",
    protection: 1,
    onboot: 1,
  });
  await put({ delete: "scsi1" });
  await api.run("POST", `${one}/clone`, { newid: 101, full: 1 });
  const [source, copy] = [await api.config(100), await api.config(101)];
  expect(copy).toMatchObject({
    name: "Copy-of-VM-100",
    tags: "x",
    description: "words",
    protection: 1,
    onboot: 1,
    scsi0: "fast:vm-101-disk-0,size=1G",
  });
  expect(Object.keys(copy)).not.toContain("unused0");
  for (const key of ["net0", "smbios1", "vmgenid"])
    expect(copy[key]).not.toBe(source[key]);
});

test("a snapshot is listed with the current state, and rolled back to", async () => {
  const root = await api.asRoot();
  await make({ cores: 1, scsi0: "fast:1" });
  await root.run("POST", `${one}/snapshot`, { snapname: "before" });
  await put({ cores: "4" });
  expect((await api.send("GET", `${one}/snapshot`)).data).toMatchObject([
    { name: "before", vmstate: 0 },
    { name: "current", parent: "before", running: 0 },
  ]);
  expect(await root.run("POST", `${one}/snapshot/before/rollback`)).toBe("OK");
  expect(await api.config(100)).toMatchObject({ cores: 1 });
  expect(await root.run("DELETE", `${one}/snapshot/before`)).toBe("OK");
});

test("with a seed two worlds have the same identities", async () => {
  const identities = async () => {
    const other = await testLab(undefined, 20, 5);
    const own = new Api(other);
    await own.run("POST", base, { vmid: 100, net0: "virtio,bridge=vmbr0" });
    const { net0, smbios1, vmgenid } = await own.config(100);
    await other.stop();
    return { net0, smbios1, vmgenid };
  };
  expect(await identities()).toEqual(await identities());
});

test("a guest may be given to the HA manager and a pool as it is made", async () => {
  const root = await api.asRoot();
  await root.run("POST", "/pools", { poolid: "web" });
  expect(
    await root.run("POST", base, { vmid: 100, pool: "web", "ha-managed": 1 }),
  ).toBe("OK");
  const { data } = await root.send("GET", "/cluster/ha/resources/vm:100");
  expect(data).toMatchObject({ sid: "vm:100", state: "stopped" });
  const pool = await root.send("GET", "/pools/web");
  expect(JSON.stringify(pool.data)).toContain('"vmid":100');
});

/** What a guest has and the host has not, with the start's words. */
test.each<[Record<string, string>, string]>([
  [{ net0: "virtio,bridge=vmbr9" }, "bridge 'vmbr9' does not exist"],
  [{ cores: "9" }, "MAX 8 vcpus allowed per VM on this node"],
  [{ memory: "999999" }, "Cannot allocate memory"],
  [
    { cicustom: "user=local:snippets/gone.yaml" },
    "volume 'local:snippets/gone.yaml' does not exist",
  ],
  [{ hostpci0: "mapping=gpu" }, "PCI device mapping not found for 'gpu'"],
  [{ usb0: "mapping=key" }, "USB device mapping not found for 'key'"],
])("with %j a guest does not start", async (params, why) => {
  const root = await api.asRoot();
  await root.run("POST", base, { vmid: 100, ...params });
  expect(await root.run("POST", `${one}/status/start`)).toContain(why);
});

import { setTimeout as sleep } from "node:timers/promises";
import type { Summary } from "../../lab/proxmox";
import { ProxmoxClient } from "../../providers/proxmox/client";
import { schema } from "../../providers/proxmox/virtual-machine/model";
import {
  base,
  configured,
  machine,
  machines,
  type Provider,
  templates,
} from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

type Values = Record<string, unknown>;

let lab: TestLab;
let vm: Provider;
let made: { id: string; props: Values } | undefined;

beforeAll(async () => {
  lab = await testLab(undefined, 20, undefined, true);
  vm = machines(lab);
  await templates(lab).create(base());
});
afterEach(async () => {
  lab.control({ do: "clear-faults" });
  if (made) await vm.delete(made.id, made.props);
  made = undefined;
});
afterAll(() => lab.stop());

const inputs = machine({ source: { template: "base" } });
const create = async (changes: Values = {}) => {
  const { id, outs = {} } = await vm.create({ ...inputs, ...changes });
  made = { id, props: outs };
  return made;
};
const update = async (olds: { id: string; props: Values }, news: Values) => {
  const { outs = {} } = await vm.update(olds.id, olds.props, news);
  made = { id: olds.id, props: outs };
  return made;
};
const config = (id: string) =>
  lab.session().request<Values>("GET", `/nodes/pve/qemu/${id}/config`);
const guest = (id: string) =>
  lab
    .control<Summary>({ do: "summary" })
    .flatMap(({ guests }) => guests)
    .find(({ vmid }) => vmid === Number(id));
const set = (id: string, key: string, value: string) =>
  lab.control({ do: "drift", guest: id, change: "set", key, value });
const isQuiet = async (
  { id, props }: { id: string; props: Values },
  news: Values,
) => {
  const found = await vm.read(id, props);
  return !(await vm.diff(id, found.props ?? {}, news)).changes;
};
const powerRequests = () =>
  lab
    .requests()
    .filter((line) => /status\/(reboot|shutdown|stop|start)$/.test(line));

test("an id that somebody takes between the look and the request is passed over", async () => {
  const vmId = { from: 1600, to: 1601 };
  const first = await create({ vmId });
  const { id } = first;
  await vm.delete(id, first.props);
  // Until the provider's list of that time is too old for it.
  await sleep(2_100);
  const other = { owner: "site/VirtualMachine/other", name: "other" };
  made = undefined;
  await create(other);
  // In the list that the provider has taken for that one the id is still free.
  lab.control({ do: "foreign", node: "pve", vmid: Number(id), name: "theirs" });
  lab.requests();
  const second = await vm.create({ ...inputs, vmId });
  const clones = lab.requests().filter((line) => line.endsWith("/clone"));
  expect(clones).toHaveLength(2);
  expect([second.id === id, guest(id)?.name]).toEqual([false, "theirs"]);
  await vm.delete(second.id, second.outs ?? {});
  lab.control({ do: "drift", guest: id, change: "delete" });
});

test.each([
  [
    "a disk",
    {
      disks: {
        ...(inputs.disks as object),
        scsi1: { storage: "fast", size: 2, onDestroy: "destroy" },
      },
    },
    "scsi1",
  ],
  [
    "firmware variables",
    { bios: "ovmf", efiDisk: { storage: "fast" } },
    "efidisk0",
  ],
  ["a TPM", { tpm: { storage: "fast" } }, "tpmstate0"],
])("%s is added in place", async (_what, change, slot) => {
  const before = await create();
  const news = { ...inputs, ...change };
  expect((await vm.diff(before.id, before.props, news)).replaces).toEqual([]);
  const after = await update(before, news);
  expect(await config(after.id)).toHaveProperty(slot);
  expect(await isQuiet(after, news)).toBe(true);
});

test.each([
  ["tags", "tags", "a;b", { tags: ["b", "a"] }],
  [
    "nameservers",
    "nameserver",
    "10.0.0.1, 10.0.0.2",
    { cloudInit: { storage: "fast", nameservers: ["10.0.0.1", "10.0.0.2"] } },
  ],
  [
    "a description",
    "description",
    "words\n\n<!-- hybrid-site owner=site/VirtualMachine/web id=ID -->\n",
    { description: "words" },
  ],
  ["a machine type", "machine", "type=q35,viommu=intel", { machine: "q35" }],
  [
    "a disk's defaults",
    "scsi0",
    "DISK,backup=1,discard=ignore,iothread=0,replicate=1",
    {},
  ],
])(
  "%s spelt as PVE or a person may spell them are no difference",
  async (_what, key, value, change) => {
    const now = await create(change);
    const { scsi0 } = await config(now.id);
    const disk = `${scsi0}`.replace(/,(discard|iothread)=[^,]*/g, "");
    set(now.id, key, value.replace("ID", now.id).replace("DISK", disk));
    expect(await isQuiet(now, { ...inputs, ...change })).toBe(true);
  },
);

test("a change that a running guest takes at once restarts nothing", async () => {
  const now = await create();
  lab.requests();
  await update(now, {
    ...inputs,
    tags: ["x"],
    description: "y",
    onBoot: false,
  });
  expect(powerRequests()).toEqual([]);
});

test("a stopped guest stays stopped, whatever changes", async () => {
  const now = await create({ power: "stopped" });
  lab.requests();
  await update(now, { ...inputs, power: "stopped", memory: 4096, cores: 4 });
  expect(powerRequests()).toEqual([]);
  expect(guest(now.id)?.status).toBe("stopped");
});

test("reboot: always restarts for what needs none, never for what does", async () => {
  const now = await create();
  lab.requests();
  const always = await update(now, {
    ...inputs,
    reboot: "always",
    tags: ["x"],
  });
  expect(powerRequests()).toEqual([
    `POST /nodes/pve/qemu/${now.id}/status/reboot`,
  ]);
  await update(always, { ...inputs, reboot: "never", memory: 4096 });
  expect(powerRequests()).toEqual([]);
});

test("an agent that never answers holds a create no longer than its own deadline, and a read not at all", async () => {
  lab.control({ do: "fault", fault: { kind: "no-agent" } });
  const changes = { agent: true, timeouts: { agent: 1 } };
  const started = Date.now();
  const { id, props } = await create(changes);
  expect(Date.now() - started).toBeLessThan(10_000);
  expect(props.addresses).toEqual([]);
  lab.requests();
  await vm.read(id, props);
  const asked = lab.requests().filter((line) => line.includes("/agent/"));
  expect(asked).toHaveLength(1);
});

test("what only root may set cannot be said: raw PCI, USB and serial devices, arguments of QEMU", async () => {
  const problems = (part: Values) =>
    schema.safeParse({ ...inputs, ...part }).error?.issues.length ?? 0;
  expect(problems({})).toBe(0);
  expect(
    problems({ pciDevices: { hostpci0: { host: "01:00.0" } } }),
  ).toBeGreaterThan(0);
  expect(
    problems({ usbDevices: { usb0: { host: "1050:0407" } } }),
  ).toBeGreaterThan(0);
  expect(problems({ serialPorts: { serial0: "/dev/ttyS0" } })).toBeGreaterThan(
    0,
  );
  expect(problems({ machine: "q35,viommu=intel" })).toBe(1);
  const { failures = [] } = await vm.check({}, { ...inputs, args: "-cpu max" });
  expect(failures).toMatchObject([
    { reason: expect.stringContaining('"args"') },
  ]);
});

test("a ticket that expires is renewed, once, and the work goes on", async () => {
  const { url = "", ca = "" } = lab.lab.endpoints.pve ?? {};
  const { username = "", password = "" } = lab.lab.root.pve ?? {};
  const client = new ProxmoxClient({
    host: "pve",
    endpoint: { url, ca },
    credential: { username, password },
  });
  const session = client.session(AbortSignal.timeout(20_000));
  await session.request("GET", "/version");
  lab.control({ do: "fault", fault: { kind: "expire-tickets", count: 1 } });
  lab.requests();
  expect(await session.request("GET", "/version")).toHaveProperty("version");
  const logins = lab
    .requests()
    .filter((line) => line === "POST /access/ticket");
  expect(logins).toHaveLength(1);
  await client.close();
});

test("a change of cloud-init regenerates the drive of a running guest and restarts it", async () => {
  const cloudInit = { storage: "fast", user: "ops" };
  const now = await create({ cloudInit });
  lab.requests();
  await update(now, { ...inputs, cloudInit: { ...cloudInit, user: "admin" } });
  const sent = lab.requests();
  expect(sent).toContain(`PUT /nodes/pve/qemu/${now.id}/cloudinit`);
  expect(sent).toContain(`POST /nodes/pve/qemu/${now.id}/status/reboot`);
});

test("a snippet that is not there is told with its volume", async () => {
  const cloudInit = { storage: "fast", vendorData: "local:snippets/none.yaml" };
  const failure = await create({ cloudInit }).catch(
    (error: unknown) => error as Error & { id: string; properties: Values },
  );
  if ("message" in failure)
    made = { id: failure.id, props: failure.properties };
  expect(failure).toMatchObject({
    message: expect.stringContaining("local:snippets/none.yaml"),
  });
});

test("a snippet on a storage that holds none is told with the storage", async () => {
  const cloudInit = { storage: "fast", vendorData: "fast:snippets/one.yaml" };
  const failure = await create({ cloudInit }).catch(
    (error: unknown) => error as Error & { id: string; properties: Values },
  );
  if ("message" in failure)
    made = { id: failure.id, props: failure.properties };
  expect(failure).toMatchObject({
    message: expect.stringContaining("fast:snippets/one.yaml"),
  });
});

test("a guest that is gone already is deleted", async () => {
  const now = await create();
  lab.control({ do: "drift", guest: now.id, change: "delete" });
  await vm.delete(now.id, now.props);
  made = undefined;
  expect(guest(now.id)).toBeUndefined();
});

test("a guest that ignores its shutdown is stopped, and removed", async () => {
  const now = await create({ timeouts: { shutdown: 1 } });
  lab.control({ do: "fault", fault: { kind: "ignores-shutdown" } });
  await vm.delete(now.id, now.props);
  made = undefined;
  expect(guest(now.id)).toBeUndefined();
});

test("a protected guest is not removed, and says how to go on", async () => {
  const now = await create({ protection: true });
  await expect(vm.delete(now.id, now.props)).rejects.toThrow(
    /is protected\. Set protection: false and run "pulumi up" first/,
  );
  expect(guest(now.id)?.status).toBe("running");
  await update(now, { ...inputs, protection: false });
});

test("a guest under HA is started, stopped and removed to the real end", async () => {
  const pair = configured(
    (
      await import("../../providers/proxmox/virtual-machine/lifecycle")
    ).provider(
      new (await import("../../providers/dynamic/engine")).EngineWatch(
        undefined,
      ),
    ),
    lab.configuration,
  );
  const ha = machine({ host: "left", node: "left", cluster: "pair", ha: {} });
  const { id, outs = {} } = await pair.create(ha);
  expect(guest(id)?.status).toBe("running");
  const stopped = { ...ha, power: "stopped" };
  const { outs: now = {} } = await pair.update(id, outs, stopped);
  expect(guest(id)?.status).toBe("stopped");
  const moved = { ...stopped, node: "right" };
  const { outs: last = {} } = await pair.update(id, now, moved);
  const nodes = lab.control<Summary>({ do: "summary" });
  expect(
    nodes
      .filter(({ guests }) => guests.some(({ vmid }) => vmid === Number(id)))
      .map(({ node }) => node),
  ).toEqual(["right"]);
  await pair.delete(id, last);
  expect(guest(id)).toBeUndefined();
});

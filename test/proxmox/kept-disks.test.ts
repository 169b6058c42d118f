import {
  base,
  machine,
  machines,
  type Provider,
  templates,
} from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

type Values = Record<string, unknown>;

let lab: TestLab;
let vm: Provider;

beforeEach(async () => {
  lab = await testLab(undefined, 20, undefined, true);
  vm = machines(lab);
});
afterEach(() => lab.stop());

const get = <T>(path: string) => lab.session().request<T>("GET", path);
const config = (id: string) => get<Values>(`/nodes/pve/qemu/${id}/config`);
const volumes = async () =>
  (await get<{ volid: string }[]>("/nodes/pve/storage/fast/content")).map(
    ({ volid }) => volid,
  );
const stale = () => lab.control({ do: "fault", fault: { kind: "stale-list" } });
const isQuiet = async (id: string, props: Values, news: Values) => {
  const found = await vm.read(id, props);
  return !(await vm.diff(id, found.props ?? {}, news)).changes;
};

const system = { storage: "fast", size: 8, onDestroy: "destroy" };
const data = { storage: "fast", size: 5, onDestroy: "keep" };
/** Nothing takes a SATA disk out of a running guest. */
const cold = machine({
  disks: { scsi0: system, sata1: data },
  reboot: "never",
});
const without = machine({ disks: { scsi0: system }, reboot: "never" });
const hot = machine({ disks: { scsi0: system, scsi1: data } });
const fileOf = (value: unknown) => `${value}`.split(",")[0] ?? "";

test("a kept disk whose removal waits for the next start survives the guest's deletion", async () => {
  const { id, outs = {} } = await vm.create(cold);
  const volume = fileOf((await config(id)).sata1);
  const { outs: now = {} } = await vm.update(id, outs, without);
  await vm.delete(id, now);
  expect(await volumes()).toEqual([volume]);
});

test("a slot that is declared again while its removal waits keeps its volume", async () => {
  const { id, outs = {} } = await vm.create(cold);
  const before = (await config(id)).sata1;
  const { outs: now = {} } = await vm.update(id, outs, without);
  const { outs: last = {} } = await vm.update(id, now, cold);
  expect((await config(id)).sata1).toBe(before);
  expect(await volumes()).toHaveLength(2);
  expect(await isQuiet(id, last, cold)).toBe(true);
});

test("a slot that is declared again after its kept disk was detached has it back", async () => {
  const { id, outs = {} } = await vm.create(hot);
  const volume = fileOf((await config(id)).scsi1);
  const removed = machine({ disks: { scsi0: system } });
  const { outs: now = {} } = await vm.update(id, outs, removed);
  expect(now.kept).toEqual({ scsi1: volume });
  const { props: seen = {} } = await vm.read(id, now);
  const { outs: last = {} } = await vm.update(id, seen, hot);
  expect(fileOf((await config(id)).scsi1)).toBe(volume);
  expect(last.kept).toBeUndefined();
  expect(await volumes()).toHaveLength(2);
});

test("another disk is made beside one that is kept, and never of it", async () => {
  const { id, outs = {} } = await vm.create(hot);
  const volume = fileOf((await config(id)).scsi1);
  const other = machine({ disks: { scsi0: system, scsi2: data } });
  await vm.update(id, outs, other);
  const { unused0, scsi2 } = await config(id);
  expect(unused0).toBe(volume);
  expect(fileOf(scsi2)).not.toBe(volume);
});

test("a running guest that the cluster's list does not know yet is shut down before its disks go", async () => {
  const { id, outs = {} } = await vm.create(hot);
  stale();
  lab.requests();
  await vm.delete(id, outs);
  expect(lab.requests()).toContain(
    `POST /nodes/pve/qemu/${id}/status/shutdown`,
  );
  const { status } = await get<Values>(`/nodes/pve/qemu/${id}/status/current`);
  expect(status).toBe("stopped");
});

test("a template of which the cluster's list does not know yet what it is is cloned", async () => {
  await templates(lab).create(base());
  stale();
  const { id } = await vm.create(machine({ source: { template: "base" } }));
  expect((await config(id)).name).toBe("web");
});

test("a guest that the cluster's list does not know yet is shown as it runs", async () => {
  const { id, outs = {} } = await vm.create(machine());
  stale();
  expect(await isQuiet(id, outs, machine())).toBe(true);
});

test("disks of a template on two storages end where each is declared", async () => {
  const session = lab.session();
  const make = await session.request<string>("POST", "/nodes/pve/qemu", {
    vmid: 3000,
    name: "dual",
    scsihw: "virtio-scsi-single",
    scsi0: "fast:4",
    scsi1: "slow:4",
  });
  await session.task(make, "creation");
  const convert = await session.request<string>(
    "POST",
    "/nodes/pve/qemu/3000/template",
  );
  await session.task(convert, "template");
  const inputs = machine({
    source: { template: "dual" },
    disks: {
      scsi0: { ...system, size: 4 },
      scsi1: { ...system, size: 4, storage: "slow" },
    },
  });
  const { id, outs = {} } = await vm.create(inputs);
  expect(fileOf((await config(id)).scsi1)).toMatch(/^slow:/);
  expect(await isQuiet(id, outs, inputs)).toBe(true);
});

test.each<[string, Values]>([
  ["tags", { tags: [] }],
  ["CPU flags", { cpuFlags: [] }],
  ["nameservers", { cloudInit: { storage: "fast", nameservers: [] } }],
  ["SSH keys", { cloudInit: { storage: "fast", sshKeys: [] } }],
])("an empty list of %s is none", async (_what, part) => {
  const inputs = machine(part);
  const { id, outs = {} } = await vm.create(inputs);
  expect(await isQuiet(id, outs, inputs)).toBe(true);
});

test("a guest that somebody has renamed and unmarked is not forgotten without a word", async () => {
  const { id, outs = {} } = await vm.create(machine());
  await lab.session().request("PUT", `/nodes/pve/qemu/${id}/config`, {
    name: "other",
    description: "mine",
  });
  await expect(vm.delete(id, outs)).rejects.toThrow(
    /guest \d+ "other" .* no longer carry this site's mark.*call it "web" and run "pulumi up".*"pulumi refresh"/,
  );
});

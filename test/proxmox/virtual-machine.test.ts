import type { Summary } from "../../lab/proxmox";
import {
  base,
  machine,
  machines,
  type Provider,
  templates,
} from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let vm: Provider;

beforeEach(async () => {
  lab = await testLab();
  vm = machines(lab);
});
afterEach(() => lab.stop());

const guests = (node = "pve") =>
  lab.control<Summary>({ do: "summary" }).find((item) => item.node === node)
    ?.guests ?? [];
const config = async (id: string) =>
  lab
    .session()
    .request<Record<string, string | number>>(
      "GET",
      `/nodes/pve/qemu/${id}/config`,
    );

/** Creates, and checks that read and a second diff are quiet. */
async function create(inputs = machine()) {
  const { id, outs } = await vm.create(inputs);
  return { id, props: outs ?? {} };
}

async function isQuiet(
  id: string,
  props: Record<string, unknown>,
  inputs: Record<string, unknown>,
) {
  const found = await vm.read(id, props);
  const { changes } = await vm.diff(id, found.props ?? {}, inputs);
  return changes === false;
}

test("an image is imported, grown, started, and then quiet", async () => {
  const inputs = machine();
  const { id, props } = await create(inputs);
  expect(guests()).toMatchObject([
    { name: "web", status: "running", memory: "2048" },
  ]);
  expect(await config(id)).toMatchObject({
    scsi0: expect.stringContaining("size=8G"),
    net0: expect.stringContaining("tag=30"),
  });
  expect(await isQuiet(id, props, inputs)).toBe(true);
});

test("a template is cloned in at most 12 requests, and then quiet", async () => {
  await templates(lab).create(base());
  lab.requests();
  const inputs = machine({ source: { template: "base" } });
  const { id, props } = await create(inputs);
  expect(lab.requests().length).toBeLessThanOrEqual(12);
  expect(await isQuiet(id, props, inputs)).toBe(true);
});

test("a clone does not keep its template's mark", async () => {
  await templates(lab).create(base());
  const { id } = await create(machine({ source: { template: "base" } }));
  expect((await config(id)).description).toContain(
    `owner=site/VirtualMachine/web id=${id}`,
  );
});

test("a guest that is gone reads as nothing, and a foreign one under its id too", async () => {
  const { id, props } = await create();
  lab.control({ do: "drift", guest: id, change: "delete" });
  expect(await vm.read(id, props)).toEqual({});
  lab.control({ do: "foreign", node: "pve", vmid: Number(id), name: "theirs" });
  expect(await vm.read(id, props)).toEqual({});
  await expect(vm.delete(id, props)).rejects.toThrow("may be another's");
  expect(guests()).toHaveLength(1);
});

test("a guest that somebody stopped is seen, also where running is the default, and started again", async () => {
  const { power: _power, node: _node, ...inputs } = machine();
  const { id, props } = await create(inputs);
  expect((await vm.read(id, props)).inputs).not.toHaveProperty("power");
  lab.control({ do: "drift", guest: id, change: "stop" });
  const found = await vm.read(id, props);
  expect(found.inputs).toMatchObject({ power: "stopped" });
  expect((await vm.diff(id, found.props ?? {}, inputs)).changes).toBe(true);
  await vm.update(id, found.props ?? {}, inputs);
  expect(guests()).toMatchObject([{ status: "running" }]);
});

test("memory of a running guest is applied by a restart", async () => {
  const { id, props } = await create();
  lab.requests();
  await vm.update(id, props, machine({ memory: 4096 }));
  expect(lab.requests()).toContain(`POST /nodes/pve/qemu/${id}/status/reboot`);
  expect(
    await lab.session().request("GET", `/nodes/pve/qemu/${id}/pending`),
  ).not.toContainEqual(expect.objectContaining({ pending: expect.anything() }));
});

test("what stands in a NIC or disk and is not ours stays", async () => {
  const { id, props } = await create();
  const { net0 } = await config(id);
  lab.control({
    do: "drift",
    guest: id,
    change: "set",
    key: "net0",
    value: `${net0},firewall=1`,
  });
  const found = await vm.read(id, props);
  expect((await vm.diff(id, found.props ?? {}, machine())).changes).toBe(false);
  await vm.update(
    id,
    props,
    machine({ nics: { net0: { bridge: "vmbr0", tag: 31 } } }),
  );
  expect((await config(id)).net0).toBe(
    `${net0},firewall=1`
      .replace("firewall=1", "")
      .replace("tag=30", "firewall=1,tag=31")
      .replace(/,$/, ""),
  );
});

test("delete leaves disks marked keep, and the next create takes them up", async () => {
  const inputs = machine({
    disks: {
      scsi0: { storage: "fast", size: 8, onDestroy: "destroy" },
      scsi1: { storage: "fast", size: 3, onDestroy: "keep" },
    },
  });
  const { id, props } = await create(inputs);
  const { scsi1 } = await config(id);
  await vm.delete(id, props);
  expect(guests()).toMatchObject([{ name: "kept-web", status: "stopped" }]);
  const left = await config(id);
  expect(left.scsi1).toBe(scsi1);
  expect(left.scsi0).toBeUndefined();
  const again = await create(inputs);
  expect(again.id).toBe(id);
  expect((await config(id)).scsi1).toBe(scsi1);
  expect(guests()).toMatchObject([{ name: "web", status: "running" }]);
});

test("delete without kept disks leaves nothing, and of a gone guest succeeds", async () => {
  const { id, props } = await create();
  await vm.delete(id, props);
  expect(guests()).toEqual([]);
  await vm.delete(id, props);
});

test("delete leaves a disk that somebody attached by hand", async () => {
  const { id, props } = await create();
  await lab
    .session()
    .request("PUT", `/nodes/pve/qemu/${id}/config`, { scsi5: "fast:2" });
  await vm.delete(id, props);
  expect(await config(id)).toMatchObject({
    scsi5: expect.stringContaining("disk-1"),
  });
});

test("a disk smaller than its image is refused, and a larger one then made of it", async () => {
  const { id, props } = await create(
    machine({
      disks: { scsi0: { storage: "fast", size: 4, onDestroy: "destroy" } },
    }),
  );
  const failure = await vm
    .update(
      id,
      props,
      machine({
        disks: { scsi0: { storage: "fast", size: 2, onDestroy: "destroy" } },
      }),
    )
    .catch((error: unknown) => error as Error);
  expect(failure).toMatchObject({
    message: expect.stringContaining(
      "disk scsi0 is 4 GiB already, as its image is, and cannot shrink to 2. Give it at least 4 GiB",
    ),
  });
});

test("a removed disk marked keep stays with the guest, one marked destroy goes", async () => {
  const disks = {
    scsi0: { storage: "fast", size: 8, onDestroy: "destroy" },
    scsi1: { storage: "fast", size: 3, onDestroy: "keep" },
    scsi2: { storage: "fast", size: 4, onDestroy: "destroy" },
  };
  const { id, props } = await create(machine({ disks }));
  await vm.update(id, props, machine());
  const left = await config(id);
  expect(left).toMatchObject({ unused0: expect.stringContaining("disk-1") });
  expect(
    Object.keys(left)
      .filter((key) => /^(scsi\d|unused)/.test(key))
      .sort(),
  ).toEqual(["scsi0", "unused0"]);
});

test.each([
  [
    "shrinking a disk",
    { disks: { scsi0: { storage: "fast", size: 4, onDestroy: "destroy" } } },
    "disks.scsi0.size",
    "cannot shrink from 8 to 4 GiB",
  ],
])("%s is refused at preview", async (_what, change, property, reason) => {
  const { failures } = await vm.check(machine(), machine(change));
  expect(failures).toEqual([
    { property, reason: expect.stringContaining(reason) },
  ]);
});

test("another origin of a disk that is there is refused at preview, none is not", async () => {
  const from = (importFrom?: string) =>
    machine({
      disks: {
        scsi0: { storage: "fast", size: 8, onDestroy: "destroy" },
        scsi1: { storage: "fast", size: 8, onDestroy: "keep", importFrom },
      },
    });
  const one = from("local:import/one.raw");
  const { failures } = await vm.check(one, from("local:import/two.raw"));
  expect(failures).toEqual([
    {
      property: "disks.scsi1.importFrom",
      reason: expect.stringContaining("cannot change what the disk was made"),
    },
  ]);
  expect((await vm.check(one, from())).failures).toEqual([]);
});

test("what would make another guest is refused while a disk is marked keep", async () => {
  const kept = {
    disks: { scsi0: { storage: "fast", size: 8, onDestroy: "keep" } },
  };
  const { failures } = await vm.check(
    machine(kept),
    machine({ ...kept, host: "left", node: "left" }),
  );
  expect(failures?.map(({ property }) => property)).toEqual(["host"]);
});

test("a declared VM id that is taken names who holds it, and adopt takes it over", async () => {
  lab.control({ do: "foreign", node: "pve", vmid: 150, name: "theirs" });
  await expect(vm.create(machine({ vmId: 150 }))).rejects.toThrow(
    'VM id 150 on host "pve" is taken by guest "theirs", which is not this site\'s',
  );
  const { id } = await create(machine({ vmId: 150, adopt: true }));
  expect(id).toBe("150");
  expect(guests()).toMatchObject([{ name: "web" }]);
});

test("a range passes over ids that are taken", async () => {
  for (const vmid of [1000, 1001])
    lab.control({ do: "foreign", node: "pve", vmid, name: `theirs-${vmid}` });
  const { id } = await create(machine({ vmId: { from: 1000, to: 1002 } }));
  expect(id).toBe("1002");
  await expect(
    vm.create(
      machine({
        owner: "site/VirtualMachine/late",
        name: "late",
        vmId: { from: 1000, to: 1001 },
      }),
    ),
  ).rejects.toThrow("no free VM id is left");
});

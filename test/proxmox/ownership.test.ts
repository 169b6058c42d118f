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

const node = () =>
  lab.control<Summary>({ do: "summary" }).find((item) => item.node === "pve");
const guests = () => node()?.guests ?? [];
const set = (guest: string, key: string, value: string) =>
  lab.control({ do: "drift", guest, change: "set", key, value });
const request = (method: "POST" | "PUT", path: string, params: object) =>
  lab.session().request(method, path, { ...params });

test("a guest whose mark was taken away is not deleted; the next up marks it, and then it is", async () => {
  const inputs = machine();
  const { id, outs = {} } = await vm.create(inputs);
  set(id, "description", "mine");
  await expect(vm.delete(id, outs)).rejects.toThrow(
    "no longer carry this site's mark",
  );
  const { props = {} } = await vm.read(id, outs);
  expect((await vm.diff(id, props, inputs)).changes).toBe(true);
  const { outs: marked = {} } = await vm.update(id, props, inputs);
  await vm.delete(id, marked);
  expect(guests()).toEqual([]);
});

test("adopt does not take a guest over that carries another's mark", async () => {
  lab.control({ do: "foreign", node: "pve", vmid: 150, name: "theirs" });
  const mark = "<!-- hybrid-site owner=other/VirtualMachine/web id=150 -->";
  set("150", "description", mark);
  await expect(vm.create(machine({ vmId: 150, adopt: true }))).rejects.toThrow(
    'which belongs to "other/VirtualMachine/web"',
  );
  expect(guests()).toMatchObject([{ name: "theirs" }]);
});

test("a guest is found again by its mark under an id that is not its first choice", async () => {
  const inputs = machine({
    vmId: { from: 1000, to: 1001 },
    disks: {
      scsi0: { storage: "fast", size: 8, onDestroy: "destroy" },
      scsi1: { storage: "fast", size: 3, onDestroy: "keep" },
    },
  });
  const { id: first } = await vm.create(inputs);
  await vm.delete(first, inputs);
  const [kept] = guests();
  const other = first === "1000" ? 1001 : 1000;
  lab.control({ do: "drift", guest: first, change: "delete" });
  lab.control({ do: "foreign", node: "pve", vmid: Number(first), name: "web" });
  const { id: second } = await vm.create(inputs);
  expect([kept?.name, second]).toEqual(["kept-web", `${other}`]);
  await vm.delete(second, inputs);
  lab.control({ do: "drift", guest: first, change: "delete" });
  expect((await vm.create(inputs)).id).toBe(second);
  expect(guests()).toMatchObject([{ name: "web" }]);
});

const others = "<!-- hybrid-site owner=other/VirtualMachine/web id=1000 -->";

test.each([
  ["of another name", { name: "theirs" }],
  ["with another's mark", { name: "web", description: others }],
])("an id whose guest %s stays locked is passed over", async (_, theirs) => {
  const inputs = machine({
    vmId: { from: 1000, to: 1001 },
    timeouts: { create: 5 },
  });
  const { id: first, outs = {} } = await vm.create(inputs);
  await vm.delete(first, outs);
  const session = lab.session();
  const made = await request("POST", "/nodes/pve/qemu", {
    vmid: Number(first),
    ...theirs,
  });
  await session.task(`${made}`, "creation");
  set(first, "lock", "clone");
  const other = first === "1000" ? "1001" : "1000";
  expect((await vm.create(inputs)).id).toBe(other);
  const failure = await vm
    .create({ ...inputs, vmId: Number(first) })
    .catch((error: Error) => error.message);
  expect(failure).toContain(`VM id ${first} on host "pve" is taken by`);
  expect(failure).not.toContain("qm unlock");
});

test.each(["ide0", "sata1", "virtio2", "scsi5"])(
  "delete leaves a disk that somebody attached by hand to %s",
  async (slot) => {
    const { id, outs = {} } = await vm.create(machine());
    const path = `/nodes/pve/qemu/${id}/config`;
    await request("POST", path, { [slot]: "fast:2", background_delay: 5 });
    await vm.delete(id, outs);
    const left = await lab.session().request<object>("GET", path);
    expect(left).toHaveProperty(slot);
  },
);

test("a template's update leaves another's guest under its id alone", async () => {
  const template = templates(lab);
  const { id, outs = {} } = await template.create(base());
  lab.control({ do: "drift", guest: id, change: "delete" });
  lab.control({ do: "foreign", node: "pve", vmid: Number(id), name: "theirs" });
  await expect(
    template.update(id, outs, base({ name: "renamed" })),
  ).rejects.toThrow("is no longer on host");
  expect(guests()).toMatchObject([{ name: "theirs", template: false }]);
});

test("settings, tags and options that the inputs never said stay through an update", async () => {
  const inputs = machine();
  const { id, outs = {} } = await vm.create(inputs);
  const byHand = {
    tags: "ops",
    cpu: "host",
    ciuser: "me",
    nameserver: "9.9.9.9",
  };
  for (const [key, value] of Object.entries(byHand)) set(id, key, value);
  await vm.update(id, outs, machine({ description: "new words" }));
  expect(
    await lab.session().request("GET", `/nodes/pve/qemu/${id}/config`),
  ).toMatchObject(byHand);
});

import type { Fault, Summary } from "../../lab/proxmox";
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

type Failure = { id: string; properties: Record<string, unknown> };
const failing = (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => error as Failure,
  );
const config = (id: string) =>
  lab
    .session()
    .request<Record<string, string>>("GET", `/nodes/pve/qemu/${id}/config`);
const pending = async (id: string) =>
  (
    await lab
      .session()
      .request<{ key: string; pending?: string }[]>(
        "GET",
        `/nodes/pve/qemu/${id}/pending`,
      )
  ).filter((entry) => entry.pending !== undefined);
const disk = (size: number) => ({
  storage: "fast",
  size,
  onDestroy: "destroy",
});

test("a disk that a failed update was to remove is removed by the next one", async () => {
  const { id, outs = {} } = await vm.create(
    machine({ disks: { scsi0: disk(8), scsi1: disk(3) } }),
  );
  const news = machine({
    tags: ["a"],
    disks: { scsi0: disk(8), scsi2: { ...disk(2), storage: "nowhere" } },
  });
  const { properties } = await failing(vm.update(id, outs, news));
  const mended = machine({ disks: { scsi0: disk(8) } });
  expect((await vm.diff(id, properties, mended)).changes).toBe(true);
  await vm.update(id, properties, mended);
  expect(await config(id)).not.toHaveProperty("scsi1");
});

test("an update that fails records what it was to take away, whatever the input", async () => {
  const { id, outs = {} } = await vm.create(machine({ tags: ["a"] }));
  lab.control({
    do: "fault",
    fault: {
      kind: "error-before",
      status: 500,
      match: "* /nodes/*/qemu/*/config",
    },
  });
  const { properties } = await failing(
    vm.update(id, outs, machine({ timeouts: { update: 2 } })),
  );
  lab.control({ do: "clear-faults" });
  await vm.update(id, properties, machine());
  expect(await config(id)).not.toHaveProperty("tags");
});

test.each([
  [
    "the reply to the change is lost",
    { kind: "error-after", match: "POST /nodes/*/qemu/*/config", count: 1 },
  ],
  [
    "the reply to the restart is lost",
    {
      kind: "reset-after",
      match: "POST /nodes/*/qemu/*/status/reboot",
      count: 1,
    },
  ],
] as const)(
  "a restart that is due is made, once, when %s",
  async (_what, fault) => {
    const { id, outs = {} } = await vm.create(machine());
    lab.control({ do: "fault", fault: { ...fault } });
    lab.requests();
    await vm.update(id, outs, machine({ memory: 4096 }));
    expect(await pending(id)).toEqual([]);
    const reboots = lab.requests().filter((line) => line.endsWith("/reboot"));
    expect(reboots).toHaveLength(1);
  },
);

test("a restart that failed is made by the next update", async () => {
  const { id, outs = {} } = await vm.create(machine());
  lab.control({
    do: "fault",
    fault: { kind: "task-fail", match: "qmreboot", count: 1 },
  });
  const news = machine({ memory: 4096 });
  const { properties } = await failing(vm.update(id, outs, news));
  await vm.update(id, properties, news);
  expect(await pending(id)).toEqual([]);
});

test.each([
  ["failed", { kind: "task-fail", match: "qmreboot" }],
  [
    "was not even begun",
    { kind: "error-before", match: "PUT /nodes/*/qemu/*/cloudinit" },
  ],
])(
  "a restart for cloud-init that %s is made by the next update, once",
  async (_, fault) => {
    const cloudInit = { storage: "fast", user: "a" };
    const { id, outs = {} } = await vm.create(machine({ cloudInit }));
    lab.control({
      do: "fault",
      fault: { ...fault, status: 500, count: 1 } as Fault,
    });
    const news = machine({ cloudInit: { ...cloudInit, user: "b" } });
    const { properties } = await failing(vm.update(id, outs, news));
    lab.requests();
    const { outs: now = {} } = await vm.update(id, properties, news);
    const restart = /\/(cloudinit|reboot)$/;
    const sent = lab.requests().filter((line) => restart.test(line));
    expect(sent.map((line) => line.split("/").pop())).toEqual([
      "cloudinit",
      "reboot",
    ]);
    await vm.update(id, now, { ...news, onBoot: false });
    expect(lab.requests().filter((line) => restart.test(line))).toEqual([]);
  },
);

test("a restart for cloud-init is made after an update that was killed before it", async () => {
  const cloudInit = { storage: "fast", user: "a" };
  const { id, outs = {} } = await vm.create(machine({ cloudInit }));
  const news = machine({ cloudInit: { ...cloudInit, user: "b" } });
  const path = `/nodes/pve/qemu/${id}/config`;
  await lab.session().request("PUT", path, { ciuser: "b" });
  lab.requests();
  await vm.update(id, outs, news);
  const reboots = lab.requests().filter((line) => line.endsWith("/reboot"));
  expect(reboots).toHaveLength(1);
});

test("a template whose conversion failed is shown as changed, and finished", async () => {
  const template = templates(lab);
  lab.control({
    do: "fault",
    fault: { kind: "task-fail", match: "qmtemplate", count: 1 },
  });
  const { id, properties } = await failing(template.create(base()));
  const { props = {} } = await template.read(id, properties);
  expect((await template.diff(id, props, base())).changes).toBe(true);
  await template.update(id, props, base());
  const [node] = lab.control<Summary>({ do: "summary" });
  expect(node?.guests).toMatchObject([{ name: "base", template: true }]);
});

test.each([
  ["vmId", { vmId: 1600 }],
  ["host", { host: "left", node: "left" }],
])(
  "a change of %s is refused while a disk is marked keep",
  async (_key, change) => {
    const kept = machine({
      vmId: 1500,
      disks: { scsi0: { ...disk(8), onDestroy: "keep" } },
    });
    const { id, outs = {} } = await vm.create(kept);
    const news = { ...kept, ...change };
    const { failures = [] } = await vm.check(kept, news);
    const refused =
      failures[0]?.reason ??
      (await vm.diff(id, outs, news).catch((error: Error) => error.message));
    expect(refused).toContain("scsi0 of this one is marked keep");
  },
);

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
  await templates(lab).create(base());
});
afterEach(() => lab.stop());

const fired = () =>
  lab
    .control<{ fired?: number }[]>({ do: "faults" })
    .reduce((sum, { fired = 0 }) => sum + fired, 0);
const guests = () =>
  (
    lab.control<Summary>({ do: "summary" }).find(({ node }) => node === "pve")
      ?.guests ?? []
  ).filter(({ template }) => !template);
const inputs = machine({ source: { template: "base" } });

test.each([
  [
    "the clone's reply is lost",
    { kind: "error-after", match: "POST /nodes/*/qemu/*/clone", count: 1 },
  ],
  [
    "the clone's connection is cut after it was done",
    { kind: "reset-after", match: "POST /nodes/*/qemu/*/clone", count: 1 },
  ],
  [
    "the clone is not executed",
    { kind: "error-before", match: "POST /nodes/*/qemu/*/clone", count: 1 },
  ],
  [
    "the configuration's reply is lost",
    { kind: "error-after", match: "PUT /nodes/*/qemu/*/config", count: 1 },
  ],
  [
    "the resize's reply is lost",
    { kind: "reset-after", match: "PUT /nodes/*/qemu/*/resize", count: 1 },
  ],
  [
    "the start's reply is lost",
    {
      kind: "error-after",
      match: "POST /nodes/*/qemu/*/status/start",
      count: 1,
    },
  ],
  ["the guest's lock is not had", { kind: "lock-timeout", count: 3 }],
  [
    "a task does not get the guest's lock",
    { kind: "task-lock-timeout", match: "qmstart", count: 1 },
  ],
  [
    "a clone does not get the storage's lock",
    { kind: "storage-lock-timeout", match: "qmclone", count: 1 },
  ],
  [
    "a reply is cut in the middle",
    {
      kind: "truncated-reply",
      match: "POST /nodes/*/qemu/*/clone",
      count: 1,
    },
  ],
  [
    "reading fails",
    { kind: "error-before", match: "GET /nodes/*/qemu/*/config", count: 2 },
  ],
  ["a task warns", { kind: "task-warnings", match: "qmclone", count: 1 }],
  [
    "a task is slow",
    { kind: "slow-task", match: "qmclone", ms: 600, count: 1 },
  ],
] as const)(
  "one guest is made, and only one, when %s",
  async (_what, fault) => {
    lab.control({ do: "fault", fault: { ...fault } });
    const { id, outs } = await vm.create(inputs);
    expect(fired()).toBeGreaterThan(0);
    expect(guests()).toMatchObject([
      { vmid: Number(id), name: "web", status: "running" },
    ]);
    expect((await vm.diff(id, outs ?? {}, inputs)).changes).toBe(false);
  },
);

test.each([
  [
    "the removal's reply is lost",
    { kind: "error-after", match: "DELETE /nodes/*/qemu/*", count: 1 },
  ],
  [
    "the shutdown's reply is lost",
    {
      kind: "reset-after",
      match: "POST /nodes/*/qemu/*/status/shutdown",
      count: 1,
    },
  ],
] as const)("the guest is gone when %s", async (_what, fault) => {
  const { id, outs } = await vm.create(inputs);
  lab.control({ do: "fault", fault: { ...fault } });
  await vm.delete(id, outs ?? {});
  expect(fired()).toBe(1);
  expect(guests()).toEqual([]);
});

test("a failing start is a partial failure: the guest is recorded and the next update finishes it", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "task-fail", match: "qmstart", count: 1 },
  });
  const failure = (await vm
    .create(inputs)
    .catch((error: unknown) => error)) as {
    id: string;
    properties: Record<string, unknown>;
    reasons: string[];
  };
  expect(failure.reasons).toEqual([
    expect.stringContaining(
      'Unable to create VirtualMachine "web": start of guest',
    ),
  ]);
  expect(failure.properties).toMatchObject({
    name: "web",
    vmNumber: Number(failure.id),
  });
  await vm.update(failure.id, failure.properties, inputs);
  expect(guests()).toMatchObject([{ status: "running" }]);
});

test("a failing clone leaves nothing, and the next create makes the guest", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "task-fail", match: "qmclone", count: 1 },
  });
  await expect(vm.create(inputs)).rejects.toThrow(
    "command failed: exit code 1",
  );
  expect(guests()).toEqual([]);
  await vm.create(inputs);
  expect(guests()).toHaveLength(1);
});

test("a full storage is told with its name, and nothing is left", async () => {
  lab.control({ do: "fault", fault: { kind: "full-storage" } });
  await expect(vm.create(inputs)).rejects.toThrow(
    "out of space on storage 'fast'",
  );
  expect(guests()).toEqual([]);
});

test.each([
  [
    "a missing template",
    { source: { template: "nowhere" } },
    'host "pve" has no template "nowhere". Declare its image',
  ],
  [
    "a missing image",
    { source: { image: "local:import/nowhere.raw" } },
    "volume 'local:import/nowhere.raw' does not exist",
  ],
  [
    "a missing bridge",
    { nics: { net0: { bridge: "vmbr7", tag: 30 } } },
    "bridge 'vmbr7' does not exist",
  ],
  [
    "an unknown node",
    { node: "nowhere" },
    'host "pve" knows no node "nowhere". Correct the node',
  ],
  [
    "an unknown host",
    { host: "elsewhere" },
    'hybrid-site:endpoints has no "elsewhere.proxmox"',
  ],
])("%s is one clear error", async (_what, change, message) => {
  await expect(
    vm.create(machine({ source: { template: "base" }, ...change })),
  ).rejects.toThrow(message);
});

test.each(["agent-timeout", "agent-refuses"] as const)(
  "%s: a guest is made, and read, without addresses",
  async (kind) => {
    lab.control({ do: "fault", fault: { kind } });
    const { id, outs = {} } = await vm.create({
      ...inputs,
      agent: true,
      timeouts: { agent: 3 },
    });
    expect(outs.addresses).toEqual([]);
    const found = await vm.read(id, outs);
    expect(found.props).toMatchObject({ addresses: [] });
    // It was the agent that said nothing, not a guest that was not up yet.
    expect(fired()).toBeGreaterThan(1);
  },
);

test("an agent that may not be asked is told, and not taken for none", async () => {
  const privilege = "VM.GuestAgent.Audit";
  lab.control({ do: "revoke", node: "pve", privilege });
  await expect(vm.create({ ...inputs, agent: true })).rejects.toThrow(
    /Permission check failed \(\/vms\/\d+, VM\.GuestAgent\.Audit/,
  );
});

test("a missing privilege is told with its path and how to grant it", async () => {
  lab.control({ do: "revoke", node: "pve", privilege: "VM.Clone" });
  await expect(vm.create(inputs)).rejects.toThrow(
    /Permission check failed \(\/vms\/\d+, VM\.Clone\)\. Grant VM\.Clone on \/vms\/\d+ to/,
  );
});

test("a wrong token is told with the host's key and the way to refresh", async () => {
  vm.configure?.({
    config: {
      get: (key: string) =>
        key.endsWith("credentials")
          ? JSON.stringify({
              pve: {
                proxmox: {
                  token: "site@pve!hybrid=00000000-0000-0000-0000-000000000000",
                },
              },
            })
          : lab.configuration(key),
    },
  });
  await expect(vm.create(inputs)).rejects.toThrow(
    /401 .*Check hybrid-site:credentials\.pve\.proxmox; .*PULUMI_RUN_PROGRAM/,
  );
});

test("a clone that never ends is told with its task at the deadline, and taken up later", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "slow-task", match: "qmclone", ms: 2_000, count: 1 },
  });
  await expect(
    vm.create({ ...inputs, timeouts: { create: 1 } }),
  ).rejects.toThrow(
    /clone of template \d+ to \d+ failed: still running: create took over 1 s \(task UPID:pve:.*The task's log ends: \S/,
  );
  const { id } = await vm.create(inputs);
  expect(guests()).toMatchObject([{ vmid: Number(id) }]);
});

test("a simulator that was killed in the middle of a clone ends it when it is back", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "slow-task", match: "qmclone", ms: 300, count: 1 },
  });
  const creating = vm
    .create({ ...inputs, timeouts: { create: 1 } })
    .catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 150));
  const { directory } = lab;
  await lab.lab.close();
  await creating;
  lab = await testLab(directory);
  vm = machines(lab);
  await vm.create(inputs);
  expect(guests()).toHaveLength(1);
});

test("twenty guests at once under 5 % faults are all there, once each", async () => {
  for (const kind of [
    "error-before",
    "error-after",
    "reset-before",
    "reset-after",
  ] as const) {
    lab.control({
      do: "fault",
      fault: { kind, rate: 0.05, seed: kind.length },
    });
  }
  const names = Array.from({ length: 20 }, (_, index) => `web-${index}`);
  await Promise.all(
    names.map((name) =>
      vm.create(
        machine({
          name,
          owner: `site/VirtualMachine/${name}`,
          source: { template: "base" },
        }),
      ),
    ),
  );
  expect(fired()).toBeGreaterThan(5);
  expect(
    guests()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(names.sort());
}, 60_000);

test("a host that no longer answers is given up with its address, long before the deadline", async () => {
  const { id, outs = {} } = await vm.create(inputs);
  lab.control({ do: "fault", fault: { kind: "node-down" } });
  const started = Date.now();
  await expect(vm.delete(id, outs)).rejects.toThrow(
    /Unable to delete VirtualMachine "web": .* on host "pve": https:\S+ broke the connection.*Check that the host is up/,
  );
  expect(Date.now() - started).toBeLessThan(30_000);
}, 40_000);

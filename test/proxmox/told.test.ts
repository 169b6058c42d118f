import { base, machine, machines, templates } from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
const told: string[] = [];

beforeAll(async () => {
  lab = await testLab();
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    told.push(String(text).trimEnd());
    return true;
  });
});
afterAll(async () => {
  jest.restoreAllMocks();
  await lab.stop();
});
beforeEach(() => {
  told.length = 0;
});

const vm = () => machines(lab);

test("a restart is told with its cause", async () => {
  const { id, outs = {} } = await vm().create(machine());
  expect(told).toEqual([]);
  const { outs: now = {} } = await vm().update(
    id,
    outs,
    machine({ memory: 4096 }),
  );
  expect(told).toEqual([
    `VirtualMachine "web": guest ${id} restarts for memory`,
  ]);
  await vm().delete(id, now);
});

test("what waits is told, and is an output, where no restart is allowed", async () => {
  const inputs = machine({ reboot: "never" });
  const { id, outs = {} } = await vm().create(inputs);
  const { outs: now = {} } = await vm().update(id, outs, {
    ...inputs,
    memory: 4096,
  });
  expect(told).toEqual([
    `VirtualMachine "web": memory: waits for the next start of guest ${id}`,
  ]);
  expect(now.pending).toEqual(["memory"]);
  // A look does not forget it.
  expect((await vm().read(id, now)).props?.pending).toEqual(["memory"]);
  await vm().delete(id, now);
});

test("that nothing waits is an output, too, so that no preview calls it unknown", async () => {
  const { id, outs = {} } = await vm().create(machine());
  expect(outs.pending).toEqual([]);
  expect((await vm().read(id, outs)).props?.pending).toEqual([]);
  await vm().delete(id, outs);
});

test("a disk that stays is told with the guest that holds it", async () => {
  const { id, outs = {} } = await vm().create(
    machine({
      disks: {
        scsi0: { storage: "fast", size: 8, onDestroy: "destroy" },
        scsi1: { storage: "fast", size: 2, onDestroy: "keep" },
      },
    }),
  );
  await vm().delete(id, outs);
  expect(told).toEqual([
    `VirtualMachine "web": scsi1 stays, in guest ${id} "kept-web"`,
  ]);
  lab.control({ do: "drift", guest: id, change: "delete" });
});

test("a task's warnings are told", async () => {
  await templates(lab).create(base());
  lab.control({
    do: "fault",
    fault: { kind: "task-warnings", match: "qmclone", count: 1 },
  });
  await vm().create(machine({ source: { template: "base" } }));
  expect(told).toEqual([
    expect.stringMatching(
      /^VirtualMachine "web": clone of template .* warns: .*WARN/,
    ),
  ]);
});

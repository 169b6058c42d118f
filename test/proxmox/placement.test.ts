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

const on = (name: string) =>
  lab
    .control<Summary>({ do: "summary" })
    .find(({ node }) => node === name)
    ?.guests.filter(({ template }) => !template);
const inputs = machine({ host: "left", node: "left", cluster: "pair" });
const isQuiet = async (id: string, props: object) => {
  const found = await vm.read(id, { ...props });
  return !(await vm.diff(id, found.props ?? {}, inputs)).changes;
};

test("a guest that somebody moved is shown as moved, and moved back while it runs", async () => {
  const { id, outs = {} } = await vm.create(inputs);
  lab.control({ do: "drift", guest: id, change: "move", key: "right" });
  const { props = {} } = await vm.read(id, outs);
  expect(props).toMatchObject({ node: "right" });
  expect(await vm.diff(id, props, inputs)).toMatchObject({
    changes: true,
    replaces: [],
  });
  await vm.update(id, props, inputs);
  expect([on("left"), on("right")]).toMatchObject([
    [{ name: "web", status: "running" }],
    [],
  ]);
  expect(await isQuiet(id, outs)).toBe(true);
});

test.each(["running", "stopped"])(
  "a %s guest goes to another host of its cluster by migration, disks and all",
  async (power) => {
    const { id, outs = {} } = await vm.create({ ...inputs, power });
    const news = { ...inputs, power, host: "right", node: "right" };
    expect((await vm.diff(id, outs, news)).replaces).toEqual([]);
    const { outs: moved = {} } = await vm.update(id, outs, news);
    expect(on("right")).toMatchObject([{ name: "web", status: power }]);
    await vm.delete(id, moved);
    expect([on("left"), on("right")]).toEqual([[], []]);
  },
);

test("another host outside the cluster is another guest", async () => {
  const { id, outs = {} } = await vm.create(inputs);
  const news = { ...inputs, host: "pve", node: "pve", cluster: undefined };
  expect((await vm.diff(id, outs, news)).replaces).toEqual(["host"]);
});

test("a template on another node is cloned there, and the clone brought over", async () => {
  await templates(lab).create(base({ host: "right", node: "right" }));
  const { id } = await vm.create({ ...inputs, source: { template: "base" } });
  expect(on("left")).toMatchObject([
    { vmid: Number(id), name: "web", status: "running" },
  ]);
  expect(on("right")).toEqual([]);
});

test("a guest whose migration's reply was lost is moved once", async () => {
  const { id, outs = {} } = await vm.create(inputs);
  lab.control({
    do: "fault",
    fault: {
      kind: "error-after",
      match: "POST /nodes/*/qemu/*/migrate",
      count: 1,
    },
  });
  lab.requests();
  const news = { ...inputs, host: "right", node: "right" };
  await vm.update(id, outs, news);
  expect(on("right")).toHaveLength(1);
  const sent = lab.requests().filter((line) => line.endsWith("/migrate"));
  expect(sent).toHaveLength(1);
});

test("an id that another node's guest has is passed over", async () => {
  lab.control({ do: "foreign", node: "right", vmid: 1000, name: "theirs" });
  const { id } = await vm.create({ ...inputs, vmId: { from: 1000, to: 1001 } });
  expect(id).toBe("1001");
});

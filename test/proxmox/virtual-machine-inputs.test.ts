import { Transport } from "../../providers/proxmox/client/transport";
import { impacts } from "../../providers/proxmox/virtual-machine/impacts";
import { schema } from "../../providers/proxmox/virtual-machine/model";
import { Api } from "../support/api";
import { makeMappings } from "../support/mappings";
import { base, machines, type Provider, templates } from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";
import { full, rows } from "../support/virtual-machine-rows";

type Values = Record<string, unknown>;

let lab: TestLab;
let vm: Provider;
let made: [id: string, props: Values][] = [];

beforeAll(async () => {
  lab = await testLab(undefined, 20, undefined, true);
  vm = machines(lab);
  await makeMappings(lab);
  await templates(lab).create(base({ host: "left", node: "left" }));
  await templates(lab).create(
    base({
      host: "left",
      node: "left",
      name: "other",
      owner: "site/Template/other",
    }),
  );
});
afterEach(async () => {
  for (const [id, props] of made.splice(0)) {
    lab.control({ do: "drift", guest: id, change: "unset", key: "protection" });
    await vm.delete(id, props);
  }
  made = [];
});
afterAll(() => lab.stop());

async function create(inputs = full): Promise<{ id: string; props: Values }> {
  const { id, outs = {} } = await vm.create(inputs);
  made.push([id, outs]);
  return { id, props: outs };
}

async function config(id: string, node = "left"): Promise<Values> {
  const path = `/nodes/${node}/qemu/${id}/config`;
  return (await new Api(lab, "left").send<Values>("GET", path)).data;
}

async function changesSeen(id: string, props: Values, inputs: Values) {
  const found = await vm.read(id, props);
  expect(found.props).toBeDefined();
  const { changes } = await vm.diff(id, found.props ?? {}, inputs);
  return { changes, props: found.props ?? {} };
}

test("every input has a row, with what its change does", () => {
  const keys = Object.keys(schema.shape).sort();
  expect(Object.keys(rows).sort()).toEqual(keys);
  const told = Object.entries(rows).map(([key, { impact }]) => [key, impact]);
  expect(Object.fromEntries(told)).toEqual(impacts);
});

test("a guest with every input is made as it says, and quiet", async () => {
  const { id, props } = await create();
  expect((await changesSeen(id, props, full)).changes).toBe(false);
});

const replaced = ["vmId", "source"];

test.each(Object.keys(rows))(
  "a change of %s is seen, made and then quiet",
  async (key) => {
    const { to, device, beside = {} } = rows[key] as (typeof rows)[string];
    const { id, props } = await create();
    const news = { ...full, [key]: to, ...beside };
    const diff = await vm.diff(id, props, news);
    expect(diff.changes).toBe(true);
    expect(diff.replaces).toEqual(replaced.includes(key) ? [key] : []);
    if (replaced.includes(key)) return;
    const { outs = {} } = await vm.update(id, props, news);
    made = [[id, outs]];
    const actual = await config(id, key === "node" ? "right" : "left");
    if (typeof device === "function") device(actual);
    else expect(actual).toMatchObject(device);
    expect((await changesSeen(id, outs, news)).changes).toBe(false);
  },
);

const drifting = Object.entries(rows).flatMap(([key, { drift }]) =>
  typeof drift === "string" ? [] : [[key, ...drift] as const],
);

test.each(drifting)(
  "drift of %s (%s) is read, and mended by the next update",
  async (_key, setting, value) => {
    const { id, props } = await create();
    const text = value.replace("id=ID", `id=${id}`);
    lab.control({
      do: "drift",
      guest: id,
      change: "set",
      key: setting,
      value: text,
    });
    const seen = await changesSeen(id, props, full);
    expect(seen.changes).toBe(true);
    const { outs = {} } = await vm.update(id, seen.props, full);
    made = [[id, outs]];
    expect((await changesSeen(id, outs, full)).changes).toBe(false);
  },
);

/** With what must go along with it. */
const together: Record<string, Values> = {
  numa: { numaNodes: undefined },
  bios: { efiDisk: undefined },
  machine: { pciDevices: undefined },
};
const optional = Object.entries(schema.shape)
  .filter(([, field]) => field.safeParse(undefined).success)
  .map(([key]) => key)
  .filter((key) => full[key] !== undefined);

test.each(optional)(
  "%s that the inputs no longer name is taken away, once",
  async (key) => {
    const { id, props } = await create();
    const news = { ...full, [key]: undefined, ...together[key] };
    const { outs = {} } = await vm.update(id, props, news);
    made = [[id, outs]];
    expect((await changesSeen(id, outs, news)).changes).toBe(false);
  },
);

test.each([
  ["size", "size=9G"],
  ["discard", "discard=ignore"],
  ["ssd", "ssd=0"],
  ["ioThread", "iothread=0"],
  ["cache", "cache=writeback"],
])("drift of a disk's %s is read", async (_option, part) => {
  const { id, props } = await create();
  const now = `${(await config(id)).scsi0}`;
  const [key] = part.split("=");
  const value = now.replace(new RegExp(`${key}=[^,]*`), part);
  expect(value).not.toBe(now);
  lab.control({
    do: "drift",
    guest: id,
    change: "set",
    key: "scsi0",
    value,
  });
  expect((await changesSeen(id, props, full)).changes).toBe(true);
});

test("a pool that somebody else put the guest in is read, and left again", async () => {
  const { id, props } = await create();
  const root = await new Api(lab, "left").asRoot();
  const pool = { poolid: "two", vms: id, "allow-move": 1 };
  await root.send("PUT", "/pools", pool);
  const seen = await changesSeen(id, props, full);
  expect(seen.props).toMatchObject({ pool: "two" });
  const { outs = {} } = await vm.update(id, seen.props, full);
  expect((await changesSeen(id, outs, full)).changes).toBe(false);
});

test("HA is joined, changed, read when somebody changed it, and left", async () => {
  const joined = { ...full, pciDevices: undefined, ha: { maxRestart: 2 } };
  const { id, props } = await create(joined);
  expect((await changesSeen(id, props, joined)).changes).toBe(false);
  const root = await new Api(lab, "left").asRoot();
  const path = `/cluster/ha/resources/vm:${id}`;
  const settings = async () => (await root.send("GET", path)).data;
  const changed = { ...joined, ha: { maxRestart: 3, failback: false } };
  const { outs = {} } = await vm.update(id, props, changed);
  expect(await settings()).toMatchObject({
    max_restart: 3,
    failback: 0,
    state: "started",
  });
  await root.send("PUT", path, { max_restart: 9 });
  const seen = await changesSeen(id, outs, changed);
  expect(seen.changes).toBe(true);
  const { ha: _, ...left } = changed;
  const { outs: last = {} } = await vm.update(id, seen.props, left);
  made = [[id, last]];
  expect(await settings()).toBeNull();
  expect((await changesSeen(id, last, left)).changes).toBe(false);
});

test("a guest under HA with a card has really stopped before it moves", async () => {
  const managed = { ...full, ha: {} };
  const { id, props } = await create(managed);
  const news = { ...managed, host: "right", node: "right" };
  const { outs = {} } = await vm.update(id, props, news);
  made = [[id, outs]];
  expect(await changesSeen(id, outs, news)).toMatchObject({ changes: false });
});

test.each([
  ["resize", { size: 12 }],
  ["move_disk", { storage: "slow" }],
])(
  "%s does not go over what somebody changes meanwhile",
  async (action, change) => {
    const disk = { storage: "fast", size: 10, onDestroy: "destroy" };
    const two = (both: object) => ({
      ...full,
      bootOrder: undefined,
      disks: { scsi0: both, scsi1: both },
    });
    const { id, props } = await create(two(disk));
    const { send } = Transport.prototype;
    let sent = 0;
    const spy = jest
      .spyOn(Transport.prototype, "send")
      .mockImplementation(function (this: Transport, call) {
        if (call.path.endsWith(`/${action}`) && sent++ === 0) {
          const value = `local:snippets/${action}`;
          const theirs = { key: "hookscript", value };
          lab.control({ do: "drift", guest: id, change: "set", ...theirs });
        }
        return send.call(this, call);
      });
    const news = two({ ...disk, ...change });
    const { outs = {} } = await vm.update(id, props, news);
    spy.mockRestore();
    // The first is refused; the guest is looked at again, then both are done.
    expect(sent).toBe(3);
    expect((await changesSeen(id, outs, news)).changes).toBe(false);
  },
);

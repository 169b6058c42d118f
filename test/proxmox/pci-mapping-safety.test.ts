import {
  pciPath as all,
  card,
  mappingInputs as declared,
  entry,
  hostMappings,
} from "../support/pci-mapping";
import {
  machine,
  machines,
  type Provider,
  pciMappings,
} from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

type Values = Record<string, unknown>;

let lab: TestLab;
let mapping: Provider;

beforeEach(async () => {
  lab = await testLab(undefined, 20, undefined, true);
  mapping = pciMappings(lab);
});
afterEach(() => lab.stop());

const { request, device, create, isQuiet, foreign } = hostMappings(
  () => lab,
  () => mapping,
);
const mark = "<!-- hybrid-site owner=site/PciMapping/wan id=wan -->";

test("a foreign mapping is refused, adopted only when that is said, keeps its words, and outlives deletion", async () => {
  const noted = entry.replace("id=", "description=upper slot,id=");
  await foreign({ description: "theirs" });
  await request("PUT", `${all}/wan`, { map: [noted], mdev: 0 });
  await expect(create()).rejects.toThrow(
    'PCI mapping "wan" stands on host "pve" (description=upper slot,id=8086:1521',
  );
  const inputs = declared({ adopt: true });
  const { id, props } = await create(inputs);
  expect(props.adopted).toBe(true);
  expect(await device()).toMatchObject({
    map: [noted],
    mdev: 0,
    description:
      "theirs <!-- hybrid-site owner=site/PciMapping/wan id=wan+adopted -->",
  });
  expect(await isQuiet(id, props, inputs)).toBe(true);
  // The state was lost before it was written.
  expect((await create()).props.adopted).toBe(true);
  await mapping.delete(id, props);
  expect(await device()).toMatchObject({ map: [noted], description: "theirs" });
  await mapping.delete(id, props);
  expect(await device()).toBeDefined();
});

test("another's mapping is neither taken, changed, read nor removed", async () => {
  const { id, props } = await create();
  const theirs = mark.replace("site/", "elsewhere/");
  await request("PUT", `${all}/wan`, { map: [entry], description: theirs });
  await expect(create(declared({ adopt: true }))).rejects.toThrow(
    'PCI mapping "wan" on host "pve" belongs to "elsewhere/PciMapping/wan". Choose another name',
  );
  await expect(mapping.update(id, props, declared())).rejects.toThrow(
    'belongs to "elsewhere/PciMapping/wan"',
  );
  expect(await mapping.read(id, props)).toEqual({});
  await mapping.delete(id, props);
  expect(await device()).toMatchObject({ description: theirs });
});

test("one that lost its mark is not deleted", async () => {
  const { id, props } = await create();
  await request("PUT", `${all}/wan`, { map: [entry], delete: "description" });
  await expect(mapping.delete(id, props)).rejects.toThrow(
    "no longer carries this site's mark",
  );
  expect(await device()).toBeDefined();
});

test.each([`POST ${all}`, `GET ${all}`])(
  "a lost reply of %s makes no second one, and its mapping is ours",
  async (match) => {
    lab.control({
      do: "fault",
      fault: { kind: "error-after", match, count: 1 },
    });
    const { id, props } = await create();
    expect(props.adopted).toBe(false);
    await mapping.delete(id, props);
    expect(await device()).toBeUndefined();
  },
);

test("what a crash left before the state was written is found by the next run", async () => {
  await create();
  const { id, props } = await create();
  expect(props.adopted).toBe(false);
  await mapping.delete(id, props);
  expect(await device()).toBeUndefined();
});

test.each(["update", "delete"] as const)(
  "a lost reply of %s is settled by looking",
  async (verb) => {
    const { id, props } = await create();
    const method = verb === "update" ? "PUT" : "DELETE";
    const match = `${method} ${all}/wan`;
    lab.control({
      do: "fault",
      fault: { kind: "error-after", match, count: 1 },
    });
    lab.requests();
    if (verb === "delete") {
      await mapping.delete(id, props);
      expect(await device()).toBeUndefined();
    } else {
      const news = declared({ description: "the lines" });
      const { outs } = await mapping.update(id, props, news);
      expect(await isQuiet(id, outs ?? {}, news)).toBe(true);
    }
    expect(lab.requests().filter((line) => line === match)).toHaveLength(1);
  },
);

test("a change that somebody makes between our look and our write is kept", async () => {
  const { id, props } = await create();
  const news = declared({ description: "the lines" });
  lab.control({
    do: "fault",
    fault: { kind: "latency", match: `PUT ${all}/wan`, count: 1, ms: 500 },
  });
  const update = mapping.update(id, props, news);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await request("POST", all, { id: "other", map: [entry] });
  await update;
  expect(await device("other")).toBeDefined();
  expect(await device()).toMatchObject({ description: `the lines ${mark}` });
});

const refused: [string, Values[], string][] = [
  [
    "a device that is not there",
    [{ ...card, path: "0000:09:00.0" }],
    'node "pve" has no PCI device 0000:09:00.0, but 0000:03:00.0 (8086:1521 I350 Gigabit Network Connection), ',
  ],
  [
    "a card that is not there",
    [{ ...card, path: "0000:09:00", id: "1234:5678" }],
    'node "pve" has no PCI device 0000:09:00.0. Correct the path',
  ],
  [
    "one of several that is not there",
    [{ ...card, path: "0000:03:00.0;0000:03:00.2" }],
    "has no PCI device 0000:03:00.2",
  ],
  [
    "another card",
    [{ ...card, id: "8086:1533" }],
    "has id 8086:1521, declared is 8086:1533",
  ],
  [
    "another subsystem",
    [{ ...card, subsystemId: "8086:0001" }],
    "has subsystemId 8086:0002, declared is 8086:0001",
  ],
  [
    "another group",
    [{ ...card, iommuGroup: 31 }],
    "has iommuGroup 30, declared is 31",
  ],
  [
    "a card without a group",
    [{ ...card, path: "0000:07:00.0" }],
    'of node "pve" is in no IOMMU group, so no guest can have it. Enable VT-d',
  ],
  [
    "a group that takes the host's disks along",
    [{ ...card, path: "0000:05:00.0" }],
    'node "pve" would lose 0000:06:00.0 (8086:00c9 I350 Gigabit Network Connection) to the guest too: it shares IOMMU group 40',
  ],
  [
    "a node that is not there",
    [{ ...card, node: "nowhere" }],
    "hostname lookup 'nowhere' failed",
  ],
];

test.each(refused)(
  "%s is refused, and nothing is made",
  async (_what, map, why) => {
    await expect(create(declared({ map }))).rejects.toThrow(why);
    expect(await device()).toBeUndefined();
  },
);

test("what shares a group can be mapped along", async () => {
  const map = [
    { ...card, path: "0000:05:00.0" },
    { ...card, path: "0000:06:00.0", id: "8086:00c9" },
  ];
  const { id, props } = await create(declared({ map }));
  expect(await isQuiet(id, props, declared({ map }))).toBe(true);
});

test("a mapping that a guest uses is not deleted, though PVE would", async () => {
  const { id, props } = await create();
  const vm = machines(lab);
  const guest = await vm.create(
    machine({
      machine: "q35",
      pciDevices: { hostpci0: { mapping: "wan" } },
      power: "stopped",
    }),
  );
  await expect(mapping.delete(id, props)).rejects.toThrow(
    /PCI mapping "wan" on host "pve" is in use by guest \d+ "web". Take the device from them first/,
  );
  expect(await device()).toBeDefined();
  await vm.delete(guest.id, guest.outs ?? {});
  await mapping.delete(id, props);
  expect(await device()).toBeUndefined();
});

test("a cluster's mapping has a card of each node", async () => {
  const map = ["left", "right"].map((node) => ({ ...card, node }));
  const inputs = declared({ host: "left", map });
  const { id, props } = await create(inputs);
  expect(await isQuiet(id, props, inputs)).toBe(true);
  await mapping.delete(id, props);
});

test.each<[string, Values, string]>([
  [
    "a path of another form",
    { map: [{ ...card, path: "03:00.0" }] },
    "must be a PCI address",
  ],
  [
    "an id of another form",
    { map: [{ ...card, id: "0x8086:0x1521" }] },
    "must be vendor and device",
  ],
  [
    "the same device twice",
    { map: [card, card] },
    "0000:03:00.0 of node pve is there twice",
  ],
  ["no device", { map: [] }, "must not be empty"],
  ["two lines", { description: "one\ntwo" }, "must be one line"],
  [
    "outer blanks",
    { description: " one" },
    "must not begin or end with a blank",
  ],
  [
    "a long description",
    { description: "x".repeat(3501) },
    "at most 3500 characters",
  ],
  ["a name that PVE does not take", { name: "1" }, "a letter first"],
  ["another key", { colour: "red" }, "Unrecognized key"],
])("%s is refused at preview", async (_what, change, why) => {
  const { failures } = await mapping.check({}, declared(change));
  expect(failures?.map(({ reason }) => reason).join()).toContain(why);
});

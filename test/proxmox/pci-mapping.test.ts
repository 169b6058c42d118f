import {
  pciPath as all,
  card,
  mappingRows as changes,
  mappingInputs as declared,
  entry,
  hostMappings,
} from "../support/pci-mapping";
import { type Provider, pciMappings } from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let mapping: Provider;

beforeEach(async () => {
  lab = await testLab(undefined, 20, undefined, true);
  mapping = pciMappings(lab);
});
afterEach(() => lab.stop());

const { request, device, create, isQuiet } = hostMappings(
  () => lab,
  () => mapping,
);
const mark = "<!-- hybrid-site owner=site/PciMapping/wan id=wan -->";

test("a mapping has what the card has, PVE finds nothing wrong with it, and then it is quiet", async () => {
  const { id, props } = await create();
  expect(await device()).toMatchObject({
    map: [entry],
    description: "<!-- hybrid-site owner=site/PciMapping/wan id=wan -->",
  });
  const [checked] = await request<{ checks: unknown[] }[]>("GET", all, {
    "check-node": "pve",
  });
  expect(checked?.checks).toEqual([]);
  expect(await isQuiet(id, props, declared())).toBe(true);
  lab.requests();
  await mapping.update(id, props, declared());
  expect(lab.requests().every((line) => line.startsWith("GET"))).toBe(true);
  await mapping.delete(id, props);
  expect(await device()).toBeUndefined();
});

test.each(Object.keys(changes))(
  "a change of %s is seen, made and then quiet",
  async (key) => {
    const [value, expected, replaces] = changes[key] ?? [];
    const { id, props } = await create();
    const news = declared({ [key]: value });
    expect(await mapping.diff(id, props, news)).toMatchObject({
      changes: true,
      replaces,
      deleteBeforeReplace: replaces?.length !== 0,
    });
    if (replaces?.length) return;
    const { outs } = await mapping.update(id, props, news);
    expect(await device()).toMatchObject(expected ?? {});
    expect(await isQuiet(id, outs ?? {}, news)).toBe(true);
    const { outs: back } = await mapping.update(id, outs ?? {}, declared());
    expect(await device()).toMatchObject({ map: [entry] });
    expect(await isQuiet(id, back ?? {}, declared())).toBe(true);
  },
);

test("the table above has a row for each input", async () => {
  const { schema } = await import("../../providers/proxmox/pci-mapping/model");
  expect(Object.keys(changes).sort()).toEqual(Object.keys(schema.shape).sort());
});

test.each<[string, Record<string, string | string[]>]>([
  ["description", { map: [entry], description: `theirs ${mark}` }],
  ["the mark", { map: [entry], description: "the lines" }],
  ["a path", { map: [entry.replace("03:00.0", "04:00.0")] }],
  ["an id", { map: [entry.replace("1521", "1533")] }],
  ["a declared group", { map: [entry.replace("=30", "=31")] }],
  ["a node", { map: [entry.replace("=pve", "=other")] }],
  ["an entry more", { map: [entry, entry.replace("03:00.0", "04:00.0")] }],
])(
  "drift of %s is read, and mended by the next update",
  async (_what, params) => {
    const full = declared({
      description: "the lines",
      map: [{ ...card, subsystemId: "8086:0002", iommuGroup: 30 }],
    });
    const { id, props } = await create(full);
    const before = await device();
    await request("PUT", `${all}/wan`, params);
    const found = await mapping.read(id, props);
    expect((await mapping.diff(id, found.props ?? {}, full)).changes).toBe(
      true,
    );
    const { outs } = await mapping.update(id, found.props ?? {}, full);
    expect({ ...(await device()), digest: 0 }).toEqual({
      ...before,
      digest: 0,
    });
    expect(await isQuiet(id, outs ?? {}, full)).toBe(true);
  },
);

test("what was left out is mended too when the card no longer has it, because guests could not start", async () => {
  const { id, props } = await create();
  const wrong = entry.replace("=30", "=29").replace("8086:0002", "8086:0001");
  await request("PUT", `${all}/wan`, { map: [wrong] });
  const found = await mapping.read(id, props);
  expect(found.props?.map).toEqual([
    { ...card, subsystemId: "8086:0001", iommuGroup: 29 },
  ]);
  await mapping.update(id, found.props ?? {}, declared());
  expect(await device()).toMatchObject({ map: [entry] });
});

test("a mapping that is gone is read as gone, an update of it says so, and its deletion is done", async () => {
  const { id, props } = await create();
  await request("DELETE", `${all}/wan`);
  expect(await mapping.read(id, props)).toEqual({});
  await expect(mapping.update(id, props, declared())).rejects.toThrow(
    'PCI mapping "wan" is no longer on host "pve". Run "pulumi refresh"',
  );
  await mapping.delete(id, props);
});

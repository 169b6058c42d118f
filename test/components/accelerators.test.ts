import * as pulumi from "@pulumi/pulumi";
import * as log from "@pulumi/pulumi/log";
import { Accelerators } from "../../components/accelerators";
import { schema as mappingSchema } from "../../providers/proxmox/pci-mapping/model";
import { schema } from "../../providers/qat/qat-device/model";
import { loadSite } from "../../site";

const made: pulumi.runtime.MockResourceArgs[] = [];
const site = loadSite("environments/dev.yaml");
const finding = "PCI 0000:54:00.0 runs at x8";

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: (args) => {
      made.push(args);
      const functions = ["0000:54:01.0", "0000:54:01.1"].map((path) => ({
        virtualFunctions: [path],
      }));
      const outputs = {
        rung: "offered",
        missing: [],
        findings: [finding],
        functions,
      };
      return { id: `${args.name}-id`, state: { ...args.inputs, ...outputs } };
    },
    call: ({ token }) => {
      throw new Error(`Mock call not implemented: ${token}`);
    },
  }),
);

test("each card of the area qat is a device as its schema takes it, and what is found is a warning", async () => {
  const warn = jest.spyOn(log, "warn").mockResolvedValue();
  const accelerators = new Accelerators(site, () => []);
  const { proved } = accelerators;
  expect(Object.keys(proved)).toEqual(["qat"]);
  const rung = await new Promise((resolve) => proved.qat?.rung.apply(resolve));
  expect(rung).toBe("offered");
  while (warn.mock.calls.length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  expect(warn.mock.calls).toEqual([[`QAT qat: ${finding}`, accelerators]]);
  const [device] = made.filter(({ type }) => type.endsWith("/qat:QatDevice"));
  const { __provider, ...rest } = device?.inputs ?? {};
  expect(schema.safeParse(rest).error).toBeUndefined();
  expect(rest).toMatchObject({
    owner: `${site.site.id}/QatDevice/qat`,
    host: "router-server",
    stack: "in-tree",
    uses: ["ipsec"],
  });
});

test("a card that is given to guests is mapped under its name, and who is given it waits for that", async () => {
  const qat = site.qat.map((card) => ({
    ...card,
    stack: "passthrough" as const,
    uses: [],
    proof: undefined,
  }));
  const accelerators = new Accelerators({ ...site, qat }, () => []);
  const [guest] = site.guests;
  if (guest === undefined) throw new Error("no guest");
  const given = { ...guest, pciDevices: [{ mapping: "qat" }] };
  const [mapping] = accelerators.neededBy(given);
  await new Promise((resolve) => mapping?.urn.apply(resolve));
  expect(accelerators.neededBy(guest)).toEqual([]);
  const [declared] = made.filter(({ type }) => type.endsWith(":PciMapping"));
  const { __provider, ...rest } = declared?.inputs ?? {};
  expect(mappingSchema.safeParse(rest).error).toBeUndefined();
  expect(rest).toMatchObject({
    host: "router-server",
    name: "qat",
    map: [
      { node: "router-server", path: "0000:54:01.0", id: "8086:37c9" },
      { node: "router-server", path: "0000:54:01.1", id: "8086:37c9" },
    ],
  });
});

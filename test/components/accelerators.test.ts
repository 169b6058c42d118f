import * as pulumi from "@pulumi/pulumi";
import * as log from "@pulumi/pulumi/log";
import { Accelerators } from "../../components/accelerators";
import { schema } from "../../providers/qat/qat-device/model";
import { loadSite } from "../../site";

const made: pulumi.runtime.MockResourceArgs[] = [];
const site = loadSite("environments/dev.yaml");
const finding = "PCI 0000:54:00.0 runs at x8";

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: (args) => {
      made.push(args);
      const outputs = { rung: "offered", missing: [], findings: [finding] };
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

import * as pulumi from "@pulumi/pulumi";
import * as log from "@pulumi/pulumi/log";
import { SiteHost } from "../../components/site-host";
import { schema } from "../../providers/host/host-facts/model";
import { loadSite } from "../../site";

const made: pulumi.runtime.MockResourceArgs[] = [];
const site = loadSite("environments/dev.yaml");
const finding = 'disks: disk "shelf1:4" is not there';

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: (args) => {
      made.push(args);
      const findings = args.name === "router-server" ? [finding] : [];
      return { id: `${args.name}-id`, state: { ...args.inputs, findings } };
    },
    call: ({ token }) => {
      throw new Error(`Mock call not implemented: ${token}`);
    },
  }),
);

test("each machine is looked at as its schema takes it, and what is found is a warning", async () => {
  const warn = jest.spyOn(log, "warn").mockResolvedValue();
  const hosts = site.hardware.hosts.map((host) => new SiteHost(site, host));
  const urns = pulumi.all(hosts.map(({ urn }) => urn));
  await new Promise<void>((resolve) => urns.apply(() => resolve()));
  while (warn.mock.calls.length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  const [server] = hosts;
  expect(warn.mock.calls).toEqual([[`host router-server: ${finding}`, server]]);

  const facts = made.filter(({ type }) => type.endsWith("/host:HostFacts"));
  expect(facts.map(({ name }) => name).sort()).toEqual(
    site.hardware.hosts.map(({ name }) => name).sort(),
  );
  for (const { inputs } of facts) {
    const { __provider, ...rest } = inputs;
    expect(schema.safeParse(rest).error).toBeUndefined();
    expect(rest).toMatchObject({ host: rest.name, inventory: false });
  }
});

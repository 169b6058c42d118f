import * as pulumi from "@pulumi/pulumi";
import { Accelerators } from "../../components/accelerators";
import { declaredBy } from "../../components/declared";
import { SiteHost } from "../../components/site-host";
import { StorageFabric } from "../../components/storage-fabric";
import { dualPath, load } from "../support/dev-site";

const owners: string[] = [];
const kept = /\/(ZfsPool|ZfsDataset|StorageMount|HostFacts)\//;

test("whatever the manifest has on machines is known to be declared, but for what is kept", async () => {
  await pulumi.runtime.setMocks({
    newResource: (args) => {
      if (args.inputs.owner) owners.push(args.inputs.owner);
      const state = { ...args.inputs, guid: "1", findings: [] };
      return { id: `${args.name}-id`, state };
    },
    call: ({ token }) => {
      throw new Error(`Mock call not implemented: ${token}`);
    },
  });
  pulumi.runtime.setAllConfig({
    "hybrid-site:credentials": JSON.stringify({
      r630: { iscsi: { password: "canary-of-r630" } },
      "router-server": { smb: { office: "", scanner: "" } },
    }),
  });
  const site = load();
  dualPath(site);
  if (site.storage) site.storage.mailTo = "ops@example.net";
  const made = [
    ...site.hardware.hosts.map((host) => new SiteHost(site, host)),
    new StorageFabric(site, () => []),
    new Accelerators(site, () => []),
  ];
  const urns = pulumi.all(made.map(({ urn }) => urn));
  await new Promise<void>((resolve) => urns.apply(() => resolve()));
  while (owners.filter((owner) => /StorageMount/.test(owner)).length < 5)
    await new Promise((resolve) => setImmediate(resolve));
  const known = declaredBy(site);
  const onMachines = owners.filter((owner) => !kept.test(owner));
  expect(onMachines.length).toBeGreaterThan(10);
  expect(known).toEqual(expect.arrayContaining(onMachines));
  expect(known.some((owner) => /ZfsPool|ZfsDataset/.test(owner))).toBe(false);
});

import * as pulumi from "@pulumi/pulumi";
import { iscsiTargets } from "../../components/iscsi-targets";
import { schema as filesSchema } from "../../providers/host/managed-files/model";
import { schema as mountSchema } from "../../providers/proxmox/storage-mount/model";
import { schema as targetSchema } from "../../providers/storage/iscsi-target/model";
import { loadSite, type Site } from "../../site";

const made: pulumi.runtime.MockResourceArgs[] = [];
const secrets = {
  r630: {
    iscsi: { password: "canary-of-r630", mutualPassword: "canary-of-target" },
  },
  ml110: { iscsi: { password: "canary-of-ml110" } },
};

class Parent extends pulumi.ComponentResource {
  constructor() {
    super("test:index:Parent", "parent");
  }
}

beforeEach(async () => {
  made.splice(0);
  await pulumi.runtime.setMocks({
    newResource: (args) => {
      made.push(args);
      return { id: `${args.name}-id`, state: args.inputs };
    },
    call: ({ token }) => {
      throw new Error(`Mock call not implemented: ${token}`);
    },
  });
});

async function compose(site: Site, credentials: object = secrets) {
  pulumi.runtime.setAllConfig(
    { "hybrid-site:credentials": JSON.stringify(credentials) },
    ["hybrid-site:credentials"],
  );
  const mounts = iscsiTargets(
    site,
    new Parent(),
    () => [],
    () => [],
  );
  const urns = mounts.map(({ urn }) => urn);
  await new Promise<void>((resolve) => pulumi.all(urns).apply(() => resolve()));
}

interface Secret {
  value?: unknown;
}
const inputs = (kind: string, name: string): Record<string, unknown> => {
  const { __provider, ...rest } =
    made.find(
      (item) =>
        item.type === `pulumi-nodejs:dynamic/${kind}` && item.name === name,
    )?.inputs ?? {};
  expect(__provider).toContain(kind);
  return rest;
};
/** What a secret hides; fails when it is none. */
const hidden = (item: unknown): unknown => {
  expect(item).toHaveProperty("4dabf18193072939515e22adb298388d");
  return (item as Secret).value;
};

test("a target, what its host logs in with, and PVE's storage are made, and secrets are secrets", async () => {
  await compose(loadSite("environments/dev.yaml"));
  const target = inputs("storage:IscsiTarget", "r630");
  const credentials = hidden(target.credentials);
  expect(credentials).toEqual({
    "iqn.2026-01.net.example.dev:host.r630": {
      username: "r630",
      password: "canary-of-r630",
      mutual: { username: "target-of-r630", password: "canary-of-target" },
    },
  });
  expect(
    targetSchema.safeParse({ ...target, credentials }).error,
  ).toBeUndefined();
  expect(target.portals).toEqual([{ address: "10.10.20.10" }]);
  const files = inputs("host:ManagedFiles", "r630-iscsi");
  const content = hidden(files.files);
  expect(JSON.stringify(content)).toMatch(/replacement_timeout = 600.*canary/);
  expect(
    filesSchema.safeParse({ ...files, files: content }).error,
  ).toBeUndefined();
  const mount = inputs("proxmox:StorageMount", "r630-fast-iscsi");
  expect(mount).toMatchObject({
    content: ["none"],
    backend: {
      type: "iscsi",
      portal: "10.10.20.10",
      target: "iqn.2026-01.net.example.dev:r630",
    },
  });
  expect(mountSchema.safeParse(mount).error).toBeUndefined();
});

test("a cluster has one storage, and each of its hosts its own way in", async () => {
  const site = loadSite("environments/dev.yaml");
  for (const entry of site.proxmox.hosts)
    if (entry.host !== "router-server") entry.cluster = "compute";
  const target = site.storage?.iscsi?.targets[0];
  if (target) target.to = ["ml110", "r630"];
  await compose(site);
  const mounts = made.filter(({ type }) => type.endsWith(":StorageMount"));
  expect(mounts.map(({ inputs: { host, nodes } }) => [host, nodes])).toEqual([
    ["ml110", ["ml110", "r630"]],
  ]);
  const credentials = hidden(inputs("storage:IscsiTarget", "r630").credentials);
  expect(Object.keys(credentials as object)).toEqual([
    "iqn.2026-01.net.example.dev:host.ml110",
    "iqn.2026-01.net.example.dev:host.r630",
  ]);
});

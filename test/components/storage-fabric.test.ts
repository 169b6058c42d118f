import * as pulumi from "@pulumi/pulumi";
import { StorageFabric } from "../../components/storage-fabric";
import { schema as mountSchema } from "../../providers/proxmox/storage-mount/model";
import { schema as exportsSchema } from "../../providers/storage/nfs-exports/model";
import { schema as sharesSchema } from "../../providers/storage/smb-shares/model";
import { schema as datasetSchema } from "../../providers/storage/zfs-dataset/model";
import { schema as poolSchema } from "../../providers/storage/zfs-pool/model";
import type { Guest } from "../../site";
import { load } from "../support/dev-site";

const made: pulumi.runtime.MockResourceArgs[] = [];
const site = load();
const guest = (name: string) =>
  site.guests.find((item) => item.name === name) as Guest;
let fabric: StorageFabric;
const passwords = {
  office: "password-of-office",
  scanner: "password-of-scanner",
};
/** As the engine is told that a value is a secret. */
const secret = (value: unknown) => ({
  [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
  value,
});

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: (args) => {
      made.push(args);
      const state = { ...args.inputs, guid: "11268192461597329790" };
      return { id: `${args.name}-id`, state };
    },
    call: ({ token }) => {
      throw new Error(`Mock call not implemented: ${token}`);
    },
  });
  pulumi.runtime.setAllConfig({
    "hybrid-site:credentials": JSON.stringify({
      r630: { iscsi: { password: "canary-of-r630" } },
      "router-server": { smb: passwords },
    }),
  });
  const [disk] = guest("k3s").disks;
  if (disk) disk.storage = "fast-nfs";
  fabric = new StorageFabric(site, () => []);
  const all = fabric.neededBy(guest("k3s")).map(({ urn }) => urn);
  await new Promise<void>((resolve) => pulumi.all(all).apply(() => resolve()));
  while (made.filter(({ type }) => type.endsWith("StorageMount")).length < 5)
    await new Promise((resolve) => setImmediate(resolve));
});

const schemas = {
  "storage:ZfsPool": [poolSchema, 2],
  "storage:ZfsDataset": [datasetSchema, 10],
  "storage:NfsExports": [exportsSchema, 1],
  "storage:SmbShares": [sharesSchema, 1],
  "proxmox:StorageMount": [mountSchema, 5],
} as const;

test.each(Object.entries(schemas))(
  "each %s of the dev site is as its schema takes it",
  (kind, [schema, count]) => {
    const found = made.filter(({ type }) => type.endsWith(`/${kind}`));
    expect(found).toHaveLength(count);
    for (const { inputs } of found) {
      const { __provider, ...rest } = inputs;
      if (rest.passwords) {
        expect(rest.passwords).toEqual(secret(passwords));
        rest.passwords = passwords;
      }
      expect(schema.safeParse(rest).error).toBeUndefined();
    }
  },
);

test("storage classes come out as a provisioner takes them", () => {
  expect(fabric.storageClasses).toMatchObject([
    { name: "fast", server: "10.10.20.10", path: "/fast/kubernetes" },
  ]);
});

test("a guest waits for the shares that it lies on, and for no others", async () => {
  const names = (name: string) =>
    Promise.all(
      fabric
        .neededBy(guest(name))
        .map(
          ({ urn }) =>
            new Promise<string>((resolve) =>
              urn.apply((text) => resolve(text)),
            ),
        ),
    );
  expect(await names("k3s")).toEqual([
    expect.stringMatching(/StorageMount::r630-fast-nfs$/),
  ]);
  expect(await names("observability")).toEqual([]);
  expect(await names("openwrt")).toEqual([]);
});

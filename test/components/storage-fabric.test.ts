import * as pulumi from "@pulumi/pulumi";
import { passwordsIn, sharePasswords } from "../../components/share-passwords";
import { StorageFabric } from "../../components/storage-fabric";
import { schema } from "../../providers/storage/smb-shares/model";
import { loadSite } from "../../site";

const made: pulumi.runtime.MockResourceArgs[] = [];
const site = loadSite("environments/dev.yaml");
const passwords = {
  office: "password-of-office",
  scanner: "password-of-scanner",
};

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: (args) => {
      made.push(args);
      return { id: `${args.name}-id`, state: { ...args.inputs, guid: "7" } };
    },
    call: ({ token }) => {
      throw new Error(`Mock call not implemented: ${token}`);
    },
  }),
);

const configure = (credentials: object) =>
  pulumi.runtime.setConfig(
    "hybrid-site:credentials",
    JSON.stringify(credentials),
  );

test("a host's shares are one resource that its schema takes, with its passwords as secrets", async () => {
  configure({ "router-server": { smb: { ...passwords, other: "nobody's" } } });
  const fabric = new StorageFabric(site, () => []);
  await new Promise<void>((resolve) => fabric.urn.apply(() => resolve()));
  const found = () =>
    made.filter(({ type }) => type.endsWith("/storage:SmbShares"));
  while (found().length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  const [{ name, inputs } = { name: "", inputs: {} }, ...more] = found();
  expect(more).toEqual([]);
  const { __provider, passwords: sent, ...others } = inputs;
  // As the engine is told that a value is a secret.
  expect(sent).toEqual({
    [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
    value: passwords,
  });
  const rest = { ...others, passwords };
  expect(schema.safeParse(rest).error).toBeUndefined();
  expect(rest).toMatchObject({
    owner: `${site.site.id}/SmbShares/router-server`,
    host: "router-server",
    passwords,
    interfaces: ["10.10.20.10"],
  });
  expect(name).toBe("router-server");
});

test("a password that is not set is told with the command that sets it, and with no password", () => {
  const credentials = { "router-server": { smb: { office: "hidden" } } };
  expect(() =>
    passwordsIn(credentials, "router-server", ["office", "scanner"]),
  ).toThrow(
    /^Unable to make account "scanner" of the shares of host "router-server": its password is not set. Set it with "pulumi config set --secret --path hybrid-site:credentials.router-server.smb.scanner PASSWORD".$/,
  );
});

test("passwords are secrets from the configuration on", async () => {
  configure({ "router-server": { smb: passwords } });
  const found = sharePasswords("router-server", ["office"]);
  expect(await pulumi.isSecret(found)).toBe(true);
});

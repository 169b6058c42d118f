import * as pulumi from "@pulumi/pulumi";
import { passwordsIn, sharePasswords } from "../../components/share-passwords";

const smb = { office: "password-of-office" };

test("a password that is not set is told with the command that sets it, and with no password", () => {
  expect(() =>
    passwordsIn({ "router-server": { smb } }, "router-server", [
      "office",
      "scanner",
    ]),
  ).toThrow(
    /^Unable to make account "scanner" of the shares of host "router-server": its password is not set. Set it with "pulumi config set --secret --path hybrid-site:credentials.router-server.smb.scanner PASSWORD".$/,
  );
});

test("passwords are secrets from the configuration on", async () => {
  pulumi.runtime.setConfig(
    "hybrid-site:credentials",
    JSON.stringify({ "router-server": { smb } }),
  );
  const found = sharePasswords("router-server", ["office"]);
  expect(await pulumi.isSecret(found)).toBe(true);
});

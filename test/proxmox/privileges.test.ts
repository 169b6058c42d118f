import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
beforeAll(async () => {
  lab = await testLab();
});
afterAll(() => lab.stop());

test("the lab's token has just what the README's role has", async () => {
  const readme = readFileSync(join(__dirname, "../../README.md"), "utf8");
  const [, role = ""] =
    /pveum role add \w+ --privs "([^"]+)"/.exec(readme) ?? [];
  const rights = await lab
    .session()
    .request<Record<string, object>>("GET", "/access/permissions", {
      path: "/",
    });
  expect(role.split(" ")).toEqual(Object.keys(rights["/"] ?? {}).sort());
});

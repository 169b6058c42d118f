import { execFileSync } from "node:child_process";
import { join } from "node:path";
import {
  expand,
  withoutSecrets,
} from "../../providers/host/managed-files/words";
import { testWith } from "../support/tool";

test("placeholders become whole arguments, and nothing else is touched", () => {
  const paths = ["/etc/a b", "/etc/$(c)"];
  expect(
    expand(
      ["check", "{dir}", "{file}", "x{y}", "{file:/etc/$(c)}"],
      "/n",
      paths,
    ),
  ).toEqual([
    "check",
    "/n",
    "/n/etc/a b",
    "/n/etc/$(c)",
    "x{y}",
    "/n/etc/$(c)",
  ]);
});

test("of a tool's words the lines and words of a secret are hidden, cut ones too", () => {
  const secret = "user = ops\npassword = 'hunter2-long'; # mine\n";
  const hide = (text: string) => withoutSecrets(text, [secret]);
  expect(hide("line 2: password = 'hunter2-long'; # mine")).toBe(
    "line 2: [secret]",
  );
  expect(hide('unknown "hunter2-long"')).toBe('unknown "[secret]"');
  expect(hide("near hunter2-lo...")).not.toContain("hunter2");
  expect(hide("no such user")).toBe("no such [secret]");
  expect(hide("cannot load it")).toBe("cannot load it");
});

testWith("visudo", "-V")("the shipped sudoers file is one", () => {
  const file = join(__dirname, "../../docs/host-access.sudoers");
  expect(`${execFileSync("visudo", ["-c", "-f", file])}`).toContain(
    "parsed OK",
  );
});

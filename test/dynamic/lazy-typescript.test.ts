import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../support/lab-command";

const lean = join(root, "providers/lazy-typescript.cjs");

function printed(script: string): unknown {
  const words = ["--require", lean, "-e", script];
  return JSON.parse(
    execFileSync(process.execPath, words, { cwd: root, encoding: "utf8" }),
  );
}
/** How many files of the process are the compiler itself. */
const compilers = `Object.values(require.cache).filter(({ exports }) => require("node:util").types.isProxy(exports) === false && typeof exports?.createSourceFile === "function").length`;

test("Pulumi's SDK loads without the TypeScript compiler", () => {
  expect(
    printed(`require("@pulumi/pulumi/runtime"); console.log(${compilers})`),
  ).toBe(0);
});

test("who needs the compiler gets it", () => {
  expect(
    printed(`
      const ts = require("typescript");
      const names = Object.keys(ts).length;
      console.log(JSON.stringify([ts.version, "SyntaxKind" in ts, names > 1000, ${compilers}]));`),
  ).toEqual([expect.stringMatching(/^5\./), true, true, 1]);
});

test("functions can still be serialized", () => {
  expect(
    printed(`
      const { serializeFunction } = require("@pulumi/pulumi/runtime");
      serializeFunction(() => 42).then(({ text }) => console.log(JSON.stringify(text)));`),
  ).toContain("() => 42");
});

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../support/lab-command";

const lean = join(root, "providers/lazy-sdk.cjs");

function printed(script: string): unknown {
  const words = ["--no-deprecation", "--require", lean, "-e", script];
  return JSON.parse(
    execFileSync(process.execPath, words, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
}
/** What the process has read of the parts that are late. */
const late = `[...new Set(Object.values(require.cache)
  .filter(({ exports }) => !require("node:util").types.isProxy(exports))
  .flatMap(({ filename }) => /[/](typescript|automation|@npmcli[/]arborist)[/]/.exec(filename)?.[1] ?? []))].sort()`;

test("Pulumi's SDK loads without its compiler, package tree and automation API", () => {
  expect(
    printed(
      `require("@pulumi/pulumi"); require("@pulumi/pulumi/runtime"); console.log(JSON.stringify(${late}))`,
    ),
  ).toEqual([]);
});

test("the program's runner loads what sends traces when traces are asked for", () => {
  const sdk = `Object.keys(require.cache).some((file) => /NodeTracerProvider/.test(file))`;
  expect(
    printed(`
      const tracing = require("@pulumi/pulumi/cmd/run/tracing");
      const before = ${sdk};
      tracing.start("http://127.0.0.1:9/api/v2/spans");
      const { traceId } = tracing.newSpan("up").spanContext();
      console.log(JSON.stringify([before, ${sdk}, traceId]));`),
  ).toEqual([false, true, expect.stringMatching(/[1-9a-f]/)]);
});

test("zod's other languages are there for who asks for one", () => {
  const files = `Object.keys(require.cache).filter((file) => /locales.(de|fr)[.]cjs/.test(file)).length`;
  expect(
    printed(`
      const { z } = require("zod");
      const before = ${files};
      z.config(z.locales.de());
      const { error } = z.string().safeParse(1);
      console.log(JSON.stringify([before, ${files}, error.issues[0].message]));`),
  ).toEqual([0, 2, expect.stringMatching(/^Ungültige Eingabe/)]);
});

test("the program's runner opens no debugger for itself", () => {
  expect(
    printed(`
      const hooks = require("@pulumi/pulumi/runtime/closure/v8Hooks");
      hooks.isInitializedAsync().then(() =>
        console.log(JSON.stringify(process.moduleLoadList.includes("NativeModule inspector"))));`),
  ).toBe(false);
});

test("who needs them gets them", () => {
  expect(
    printed(`
      const ts = require("typescript");
      const { automation } = require("@pulumi/pulumi");
      const names = Object.keys(ts).length;
      console.log(JSON.stringify([
        ts.version, "SyntaxKind" in ts, names > 1000,
        typeof automation.LocalWorkspace.create, ${late},
      ]));`),
  ).toEqual([
    expect.stringMatching(/^5\./),
    true,
    true,
    "function",
    ["automation", "typescript"],
  ]);
});

test("functions can still be serialized, with the packages that they need", () => {
  expect(
    printed(`
      const { serializeFunction, computeCodePaths } = require("@pulumi/pulumi/runtime");
      Promise.all([serializeFunction(() => 42), computeCodePaths()])
        .then(([{ text }, paths]) => console.log(JSON.stringify([text, paths.size > 0])));`),
  ).toEqual([expect.stringContaining("() => 42"), true]);
});

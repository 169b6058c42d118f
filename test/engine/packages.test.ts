import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(__dirname, "../..");
let folder: string;

/** A fresh clone, an npm that only counts, and a command that shows what it is given. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hybrid-site-run-"));
  for (const part of ["engine", "providers/typescript.cjs"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "package-lock.json"), "{}");
  writeFileSync(
    join(folder, "command.ts"),
    "console.log(JSON.stringify(process.argv.slice(2)));\nprocess.exitCode = 7;",
  );
  mkdirSync(join(folder, "path"));
  npm("mkdir -p node_modules/tsx && echo > node_modules/tsx/cjs.js");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function npm(script: string): void {
  const file = join(folder, "path", "npm");
  writeFileSync(file, `#!/bin/sh\necho "$@" >> calls\n${script}\n`);
  chmodSync(file, 0o755);
}

function run(...words: string[]) {
  return spawnSync(
    process.execPath,
    [join(folder, "engine", "run.cjs"), ...words],
    {
      encoding: "utf8",
      env: {
        PATH: `${join(folder, "path")}:${dirname(process.execPath)}:/usr/bin:/bin`,
      },
    },
  );
}

const calls = () =>
  existsSync(join(folder, "calls"))
    ? readFileSync(join(folder, "calls"), "utf8").trim().split("\n")
    : [];

test("packages are installed once, and again when the lock file's content changes", () => {
  run("--no-engine", "command.ts");
  run("--no-engine", "command.ts");
  expect(calls()).toEqual(["ci --no-audit --no-fund --loglevel=error"]);
  writeFileSync(join(folder, "package-lock.json"), '{"changed":true}');
  run("--no-engine", "command.ts");
  expect(calls()).toHaveLength(2);
});

describe("packages that npm itself has installed", () => {
  const one = { version: "1.0.0", integrity: "sha512-one" };
  const other = { version: "2.0.0", optional: true, os: ["another"] };
  const packages = { "node_modules/one": one, "node_modules/other": other };
  const install = (installed: object) => {
    writeFileSync(
      join(folder, "package-lock.json"),
      JSON.stringify({ packages: { "": { name: "site" }, ...packages } }),
    );
    mkdirSync(join(folder, "node_modules/tsx"), { recursive: true });
    writeFileSync(join(folder, "node_modules/tsx/cjs.js"), "");
    writeFileSync(
      join(folder, "node_modules/.package-lock.json"),
      JSON.stringify({ packages: installed }),
    );
    return run("--no-engine", "command.ts");
  };

  test("are taken, without those for other systems", () => {
    const { status, stderr } = install({ "node_modules/one": one });
    expect([status, stderr, calls()]).toEqual([7, "", []]);
  });

  test.each<[string, object]>([
    ["another version", { "node_modules/one": { ...one, version: "1.0.1" } }],
    ["one that is missing", { "node_modules/other": other }],
    [
      "one too many",
      { "node_modules/one": one, "node_modules/more": { version: "1.0.0" } },
    ],
  ])("are installed anew for %s", (_what, installed) => {
    install(installed);
    expect(calls()).toHaveLength(1);
  });
});

test("packages that were removed are installed again", () => {
  run("--no-engine", "command.ts");
  rmSync(join(folder, "node_modules"), { recursive: true });
  run("--no-engine", "command.ts");
  expect(calls()).toHaveLength(2);
});

test("a command gets its words, and its exit code is kept", () => {
  const { stdout, status } = run("--no-engine", "command.ts", "a b", "--flag");
  expect([stdout.trim(), status]).toEqual(['["a b","--flag"]', 7]);
});

test("a failed npm ci stops with one message and is not taken for done", () => {
  npm("exit 3");
  const { stdout, stderr, status } = run("--no-engine", "command.ts");
  expect([stdout, status]).toEqual(["", 1]);
  expect(stderr).toContain(
    "Unable to install the packages: npm ci ended with 3",
  );
  expect(stderr).not.toContain("    at ");
  run("--no-engine", "command.ts");
  expect(calls()).toHaveLength(2);
});

import { spawn, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "pulumi/package.json";
import type * as Recover from "../../lab/recover";
import type * as SiteLab from "../../lab/site-lab";

const folder = mkdtempSync(join(tmpdir(), "hybrid-site-recover-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

process.env.LAB_DIR = folder;
process.env.PULUMI_HOME = join(folder, "home");
const { recover } = require("../../lab/recover") as typeof Recover;

const backend = join(folder, "state", ".pulumi");
const locks = join(backend, "locks/organization/hybrid-site/dev");
const dead = () => spawnSync(process.execPath, ["--version"]).pid;

function writeLock(name: string, pid: number, host = hostname()): void {
  writeFileSync(join(locks, name), JSON.stringify({ pid, hostname: host }));
  writeFileSync(join(locks, `${name}.attrs`), "{}");
}

beforeEach(() => {
  rmSync(backend, { recursive: true, force: true });
  mkdirSync(locks, { recursive: true });
  jest.spyOn(console, "error").mockImplementation();
});
afterEach(() => jest.restoreAllMocks());

const left = () => readdirSync(locks).filter((name) => name.endsWith(".json"));

test("the lock of a dead engine goes, and the user is told", async () => {
  const pid = dead();
  writeLock("one.json", pid);
  await recover();
  expect(left()).toEqual([]);
  expect(console.error).toHaveBeenCalledWith(
    expect.stringContaining(`process ${pid}`),
  );
});

test("the locks of a living engine and of another machine stay", async () => {
  writeLock("living.json", process.pid);
  writeLock("far.json", dead(), "another-machine");
  await recover();
  expect(left()).toEqual(["far.json", "living.json"]);
  expect(console.error).not.toHaveBeenCalled();
});

test("a command that needs the stack waits for the end of a living engine", async () => {
  const engine = spawn("sleep", ["1"]);
  writeLock("living.json", engine.pid ?? 0);
  const started = Date.now();
  await recover(true);
  expect(Date.now() - started).toBeGreaterThan(500);
  expect(left()).toEqual([]);
  expect(console.error).toHaveBeenCalledWith(
    `Another run (process ${engine.pid}) is at work: waiting...`,
  );
});

test("the lab is not reset under a living engine", async () => {
  writeLock("living.json", process.pid);
  const { forget } = require("../../lab/site-lab") as typeof SiteLab;
  await expect(forget()).rejects.toThrow(
    `an earlier run's engine (process ${process.pid}) is still at work`,
  );
});

const pending = (operations: object[]) =>
  JSON.stringify({
    deployment: { resources: [1], pending_operations: operations },
  });

/** An engine that exports and imports the stack's file as it is. */
function writeStack(operations: object[]): void {
  const bin = join(folder, "home/versions", version, "bin");
  const file = join(backend, "stacks/hybrid-site/dev.json");
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, pending(operations));
  writeFileSync(
    join(bin, "pulumi"),
    `#!/bin/sh
case $2 in export) cp '${file}' "$4";; import) cp "$4" '${file}';; esac
`,
    { mode: 0o755 },
  );
}

const stack = () =>
  readFileSync(join(backend, "stacks/hybrid-site/dev.json"), "utf8");

test("what a dead engine has left pending is cleared, and nothing else", async () => {
  writeStack([{ type: "creating" }, { type: "updating" }]);
  writeLock("one.json", dead());
  await recover();
  expect(stack()).toBe(pending([]));
  expect(console.error).toHaveBeenCalledWith(
    expect.stringContaining("2 unfinished operations will be taken up again"),
  );
});

test("what a living engine has pending is left alone", async () => {
  writeStack([{ type: "creating" }]);
  writeLock("living.json", process.pid);
  await recover();
  expect(stack()).toBe(pending([{ type: "creating" }]));
});

import { spawnSync } from "node:child_process";
import { readOptions, UsageError } from "../../bench/options";
import { root } from "../support/lab-command";

test("the defaults are those of the figures in the README", () => {
  expect(readOptions([])).toMatchObject({
    vms: 50,
    latency: 5,
    task: 200,
    parallel: 10,
    fault: undefined,
    endpoint: undefined,
  });
  expect(readOptions(["--fault", "reset"])?.fault).toEqual({
    kind: "reset",
    rate: 0.01,
    seed: 1,
  });
});

test.each([
  [["--vms", "0"], "--vms must be a whole number from 1"],
  [["--vms", "many"], "--vms must be a whole number from 1"],
  [["--latency=-1"], "--latency must be a whole number from 0"],
  [["--fault", "flood"], 'no fault "flood", known are 596-before, 596-lost'],
  [["--fault", "toString"], 'no fault "toString"'],
  [["--fault", "reset", "--rate", "2"], "--rate must be above 0"],
  [["--fault", "reset", "--seed", "x"], "--seed must be a whole number"],
  [["--rate", "0.1"], "--rate goes with --fault"],
  [["--seed", "1"], "--seed goes with --fault"],
  [["--endpoint", "http://127.0.0.1:8006"], "--endpoint must be like https"],
  [["--endpoint", "pve"], "--endpoint must be like https"],
  [["--endpoint", "https://pve", "--fault", "reset"], "cannot be bent"],
  [["--endpoint", "https://pve", "--task", "1"], "--task is of the embedded"],
  [["--template", "base"], "--template goes with --endpoint"],
  [["--peer", "file"], "--peer goes with --readme"],
  [["--readme", "--fault", "reset"], "--readme shows neither"],
  [["--nonsense"], "--nonsense"],
  [["word"], "word"],
])("%j is refused", (words, why) => {
  expect(() => readOptions(words)).toThrow(UsageError);
  expect(() => readOptions(words)).toThrow(why);
});

function command(...words: string[]) {
  return spawnSync(
    process.execPath,
    ["--require", "tsx/cjs", "bench/main.ts", ...words],
    { cwd: root, encoding: "utf8" },
  );
}

test("bad arguments show the usage on stderr and exit with 2", () => {
  const { status, stdout, stderr } = command("--fault", "flood");
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(
    /there is no fault "flood"[\s\S]*usage: npm run bench/,
  );
});

test("help names every kind of fault", () => {
  const { status, stdout } = command("--help");
  expect(status).toBe(0);
  for (const kind of ["596-before", "596-lost", "lock-timeout", "reset"]) {
    expect(stdout).toContain(kind);
  }
});

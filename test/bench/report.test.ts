import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "../../bench/options";
import {
  median,
  type Result,
  readResult,
  table,
  writeReadme,
} from "../../bench/report";
import { root } from "../support/lab-command";

const folder = mkdtempSync(join(tmpdir(), "hybrid-site-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const phase = (seconds: number) => ({
  seconds,
  requestsPerVm: 8,
  cpuSeconds: 3.25,
  rssMiB: 300,
});
const result = (seconds: number, changes: Partial<Result> = {}): Result => ({
  vms: 50,
  parallel: 10,
  apply: phase(seconds),
  applyWithPreview: phase(seconds + 1),
  refresh: phase(2),
  destroy: phase(5),
  completed: 50,
  orphans: 0,
  faults: 0,
  ...changes,
});
const defaults = () => {
  const options = readOptions([]);
  if (options === undefined) throw new Error("no options");
  return options;
};

test("of several runs the figures are the medians, and what went wrong the worst", () => {
  const middle = median([
    result(9),
    result(5, { completed: 49, orphans: 2 }),
    result(6),
  ]);
  expect(middle.apply.seconds).toBe(6);
  expect(middle.applyWithPreview?.seconds).toBe(7);
  expect([middle.completed, middle.orphans]).toEqual([49, 2]);
});

test("a figure that nobody measured is a dash", () => {
  const lines = table(
    result(5, { apply: { ...phase(5), requestsPerVm: null } }),
  ).split("\n");
  expect(lines.find((line) => line.includes("requests per VM"))).toMatch(
    /\| +- \| +8\.0 \|/,
  );
});

test("the table of the README is written anew, and nothing else of it", () => {
  const file = join(folder, "README.md");
  const before = "# Title\n\n<!-- bench -->\nold\n<!-- /bench -->\n\nAfter.\n";
  writeFileSync(file, before);
  writeReadme(defaults(), result(6.54), undefined, file);
  writeReadme(defaults(), result(6.54), result(18.7), file);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^# Title\n\n<!-- bench -->\n\n\| 50 VMs/);
  expect(text).toMatch(/<!-- \/bench -->\n\nAfter\.\n$/);
  expect(text).not.toContain("old");
  expect(text).toMatch(/\| seconds +\| +6\.5 \| +7\.5 \| +2\.0 \| +5\.0 \|/);
  expect(text).toMatch(/\| seconds \(peer\) +\| +18\.7 \|/);
  expect(text).toMatch(
    /5 ms a request, 200 ms a task and 10 operations\nat once, on \d+ x .+, \d+ GiB, at commit [0-9a-f]{7,}.* on \d{4}-\d\d-\d\d\./,
  );
});

test("a README without the markers is left alone", () => {
  const file = join(folder, "bare.md");
  writeFileSync(file, "# Title\n");
  expect(() => writeReadme(defaults(), result(1), undefined, file)).toThrow(
    "it has no <!-- bench -->",
  );
  expect(readFileSync(file, "utf8")).toBe("# Title\n");
});

test("the project's README has the place for it", () => {
  expect(readFileSync(join(root, "README.md"), "utf8")).toMatch(
    /<!-- bench -->\n[\s\S]*<!-- \/bench -->/,
  );
});

test("a peer's result is the last line of its output, and judged", () => {
  const text = `made 50 guests\n${JSON.stringify(result(18.7))}\n`;
  expect(readResult(text, "peer.json").apply.seconds).toBe(18.7);
  expect(() => readResult("made 50 guests\n", "peer.json")).toThrow(
    'Unable to read result "peer.json"',
  );
});

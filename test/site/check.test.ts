import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const dev = readFileSync("environments/dev.yaml", "utf8");
const folder = mkdtempSync(join(tmpdir(), "hybrid-site-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function check(text: string) {
  const file = join(folder, "site.yaml");
  writeFileSync(file, text);
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      "--require",
      "./providers/typescript.cjs",
      "site/check.ts",
      "--site",
      file,
    ],
    { encoding: "utf8" },
  );
  return { shown: stdout.replaceAll(folder, ""), status };
}

test("what a rule finds is told with its line, and what all lines have in common once", () => {
  const text = dev
    .replace("failoverWithin: 30s", "failoverWithin: 5s")
    .replace("protocol: dhcp, metric: 20", "protocol: dhcp, metric: 10");
  const { shown, status } = check(text);
  const lineOf = (part: string) =>
    text.slice(0, text.indexOf(part)).split("\n").length;
  expect(status).toBe(1);
  expect(shown.trim().split("\n")).toEqual([
    'error failover-bound: lines "spectrum1", "spectrum2", "spectrum3" and "spectrum4" may be dead for 21 s before they are given up, and wan.failoverWithin is 5 s. Ping fewer targets, or with shorter time-outs, pauses or rounds.',
    `  at wan.health (line ${lineOf("    targets: [1.1.1.1, 8.8.8.8]")}) of /site.yaml`,
    'error line-metrics: lines "spectrum1" and "spectrum2" have metric 10 both. Give each line another metric; a policy\'s are 1 to 256.',
    `  at wan.lines[1].metric (line ${lineOf("interface: wan2")}) of /site.yaml`,
  ]);
}, 60_000);

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "..");
const bin = (name: string) => join(root, "node_modules", ".bin", name);

function step(name: string, command: string, ...args: string[]): boolean {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  return status === 0;
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
}

/** Types, lint, manifests, then every test; extra words go to jest. */
function main(): boolean {
  mkdirSync(join(root, "reports"), { recursive: true });
  const report = join(root, "reports", "jest.json");
  const results = [
    step("types", bin("tsc"), "-p", "."),
    step("lint", bin("biome"), "check", "--error-on-warnings", "."),
    step(
      "tests",
      bin("jest"),
      "--json",
      `--outputFile=${report}`,
      ...process.argv.slice(2),
    ),
  ];
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } =
    JSON.parse(readFileSync(report, "utf8")) as Report;
  const otherFailures =
    results.slice(0, 2).filter((passed) => !passed).length +
    numRuntimeErrorTestSuites;
  console.log(
    `\n${numPassedTests} passed, ${numFailedTests + otherFailures} failed`,
  );
  return results.every(Boolean);
}

process.exitCode = main() ? 0 : 1;

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isRouted, judge, loadLocated, type Site } from ".";
import { differences, matrixTable } from "./matrix";
import { formatPlace } from "./problem";
import { deriveRouter } from "./uci";

const usage = `usage: npm run check [-- --site FILE]
Checks types, lint and manifests; with --site only that manifest.`;

/** Prints what is wrong with a manifest; says whether it may be used. */
function checkSite(file: string): boolean {
  try {
    const { site, lineOf } = loadLocated(file);
    const findings = judge(site);
    for (const { severity, rule, message, path } of findings) {
      console.log(
        `${severity} ${rule}: ${message}\n  at ${formatPlace(path, lineOf(path))} of ${file}`,
      );
    }
    const errors = findings.filter(({ severity }) => severity === "error");
    const isGood = errors.length === 0 && checkMatrix(site);
    if (isGood) console.log(`${file}: good`);
    return isGood;
  } catch (error) {
    console.log((error as Error).message);
    return false;
  }
}

/** Shows who may reach what by the derived firewall, and whether that is what the manifest says. */
function checkMatrix(site: Site): boolean {
  if (!isRouted(site)) return true;
  const wrong = differences(site);
  for (const text of wrong) console.log(`error firewall-matrix: ${text}`);
  console.log(`\n${matrixTable(site)}\n`);
  const { failoverBoundMs } = deriveRouter(site);
  for (const [line, bound] of Object.entries(failoverBoundMs))
    console.log(
      `${line}: given up ${bound / 1_000} s after it died, at the latest`,
    );
  return wrong.length === 0;
}

function run(command: string, ...args: string[]): boolean {
  const script = join("node_modules", ".bin", command);
  return spawnSync(script, args, { stdio: "inherit" }).status === 0;
}

function main(): boolean {
  const { values } = parseArgs({
    options: { site: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log(usage);
    return true;
  }
  if (values.site) return checkSite(values.site);
  const manifests = readdirSync("environments")
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => checkSite(join("environments", name)));
  const types = run("tsc", "-p", ".");
  const lint = run("biome", "check", "--error-on-warnings", ".");
  return [...manifests, types, lint].every(Boolean);
}

try {
  process.exitCode = main() ? 0 : 1;
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
  process.exitCode = 2;
}

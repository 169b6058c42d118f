import { spawnSync } from "node:child_process";

/**
 * `test` for what needs a program that not every machine has: without it the
 * test counts as not run, and says so; where CI_TOOLS=required it fails.
 */
export function testWith(tool: string, ...trial: string[]): jest.It {
  const words = trial.length > 0 ? trial : ["--help"];
  const { error, status } = spawnSync(tool, words, { stdio: "ignore" });
  // What it says to --help alone is no sign.
  if (error === undefined && (status === 0 || trial.length === 0)) return test;
  if (process.env.CI_TOOLS === "required") {
    throw new Error(`${tool} does not run, and CI_TOOLS=required`);
  }
  console.warn(`Not run: ${tool} does not run here.`);
  return test.skip;
}

import { spawnSync } from "node:child_process";

/**
 * `test` for what needs a program that not every machine has: without it the
 * test counts as not run, and says so; where CI_TOOLS=required it fails.
 */
export function testWith(tool: string): jest.It {
  const { error } = spawnSync(tool, ["--help"], { stdio: "ignore" });
  if (error === undefined) return test;
  if (process.env.CI_TOOLS === "required") {
    throw new Error(`${tool} is not installed, and CI_TOOLS=required`);
  }
  console.warn(`Not run: ${tool} is not installed.`);
  return test.skip;
}

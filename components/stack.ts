import { spawnSync } from "node:child_process";
import { Configuration } from "../providers/dynamic/configuration";
import { loadSite, type Site } from "../site";

export interface Stack {
  site: Site;
  configuration: Configuration;
  /** What Pulumi prints of it. */
  pulumi(...words: string[]): string;
}

/** The user's stack with its manifest, for commands beside Pulumi's own. */
export function openStack(name: string): Stack {
  const pulumi = (...words: string[]) => run([...words, "--stack", name]);
  const config = JSON.parse(
    pulumi("config", "--json", "--show-secrets"),
  ) as Record<string, { value: string }>;
  return {
    site: loadSite(config["hybrid-site:manifest"]?.value ?? ""),
    configuration: new Configuration((key) => config[key]?.value),
    pulumi,
  };
}

function run(args: string[]): string {
  const launcher = require.resolve("pulumi/run.js");
  // npm changes to the project's folder; the stack is that of the user's.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [launcher, ...args],
    { cwd, encoding: "utf8", maxBuffer: 1e9 },
  );
  if (status !== 0) {
    throw new Error(
      `Unable to read stack: pulumi ${args.slice(0, 2).join(" ")} said: ${stderr.trim()}`,
    );
  }
  return stdout;
}

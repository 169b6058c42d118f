import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, dirname, isAbsolute, resolve } from "node:path";
import { labDirectory, root, stack, stateDirectory } from "./paths";
import { passphrase } from "./secrets";

/** Pulumi's launcher, which knows where the CLI is. */
export const { resolve: locate } = require("pulumi/lib/resolve") as {
  resolve(): Promise<string>;
};

/** How the engine is to work, whatever the stack. */
export const engineSettings: Record<string, string> = {
  ...(process.env.PULUMI_HOME ? { PULUMI_HOME: process.env.PULUMI_HOME } : {}),
  // Refresh and destroy with today's endpoints and credentials.
  PULUMI_RUN_PROGRAM: "true",
  PULUMI_PARALLEL_DIFF: "true",
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_DIY_BACKEND_NO_LEGACY_WARNING: "true",
};

/** What makes a plain `npx pulumi` in .lab work on the lab. */
export const pulumiEnvironment: Record<string, string> = {
  ...engineSettings,
  PULUMI_BACKEND_URL: `file://${stateDirectory}`,
  PULUMI_CONFIG_PASSPHRASE: passphrase,
  PULUMI_STACK: stack,
};

/** Flags whose value is a path, which the user means from where they are. */
const pathFlag =
  /^--(policy-pack|policy-pack-config|plan|save-plan|file|event-log|config-file|tracing|profiling)$/;

export interface Ended {
  code: number;
  output: string;
}

/** Pulumi in .lab; its output shown as it comes, or captured. */
export async function runPulumi(
  args: readonly string[],
  show: "inherit" | "capture" = "inherit",
): Promise<Ended> {
  // Not through the launcher: Ctrl-C would end it before the engine.
  const engine = await locate();
  const path = `${dirname(engine)}${delimiter}${process.env.PATH ?? ""}`;
  return new Promise((done, fail) => {
    // The terminal has sent it to the engine too, which ends in good order:
    // until then its devices must answer.
    const wait = () => undefined;
    const pass = () => child.kill("SIGTERM");
    process.on("SIGINT", wait);
    process.on("SIGTERM", pass);
    const child = spawn(engine, absolute(args), {
      cwd: labDirectory,
      env: { ...process.env, ...pulumiEnvironment, PATH: path },
      stdio: show === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        output += data.toString();
      });
    }
    child.on("error", fail);
    child.on("close", (code, signal) => {
      process.removeListener("SIGINT", wait);
      process.removeListener("SIGTERM", pass);
      done({
        code: code ?? 128 + constants.signals[signal ?? "SIGKILL"],
        output,
      });
    });
  });
}

/** The project's own commands that ask a stack where its hosts are. */
export async function runOnStack(
  command: "orphans" | "locate",
  words: readonly string[],
): Promise<number> {
  const path = `${dirname(await locate())}${delimiter}${process.env.PATH ?? ""}`;
  return runScript(`components/${command}.ts`, words, {
    ...pulumiEnvironment,
    PATH: path,
    INIT_CWD: labDirectory,
  });
}

/** The project's own check, of manifests. */
export function runCheck(words: readonly string[]): Promise<number> {
  return runScript("site/check.ts", words, {});
}

function runScript(
  script: string,
  words: readonly string[],
  environment: Record<string, string>,
): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--require", "./providers/typescript.cjs", script, ...words],
    {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: "inherit",
    },
  );
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => done(code ?? 1));
  });
}

function absolute(args: readonly string[]): string[] {
  const from = process.env.INIT_CWD ?? process.cwd();
  const full = (path: string) =>
    isAbsolute(path) ? path : resolve(from, path);
  return args.map((word, index) => {
    if (pathFlag.test(args[index - 1] ?? "")) return full(word);
    const [flag = "", value] = word.split(/=(.*)/s, 2);
    return value !== undefined && pathFlag.test(flag)
      ? `${flag}=${full(value)}`
      : word;
  });
}

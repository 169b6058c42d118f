import { spawn } from "node:child_process";
import { isAbsolute, join, resolve } from "node:path";
import { labDirectory, root, stateDirectory } from "./paths";
import { passphrase } from "./secrets";

/** What makes a plain `npx pulumi` in .lab work on the lab. */
export const pulumiEnvironment: Record<string, string> = {
  ...(process.env.PULUMI_HOME ? { PULUMI_HOME: process.env.PULUMI_HOME } : {}),
  PULUMI_BACKEND_URL: `file://${stateDirectory}`,
  PULUMI_CONFIG_PASSPHRASE: passphrase,
  // Refresh and destroy with today's endpoints and credentials.
  PULUMI_RUN_PROGRAM: "true",
  PULUMI_PARALLEL_DIFF: "true",
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_DIY_BACKEND_NO_LEGACY_WARNING: "true",
};

/** Flags whose value is a path, which the user means from where they are. */
const pathFlag =
  /^--(policy-pack|policy-pack-config|plan|save-plan|file|event-log|config-file|tracing|profiling)$/;

export interface Ended {
  code: number;
  output: string;
}

/** Pulumi in .lab; its output shown as it comes, or captured. */
export function runPulumi(
  args: readonly string[],
  show: "inherit" | "capture" = "inherit",
): Promise<Ended> {
  const launcher = join(root, "node_modules", "pulumi", "run.js");
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [launcher, ...absolute(args)], {
      cwd: labDirectory,
      env: { ...process.env, ...pulumiEnvironment },
      stdio: show === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        output += data.toString();
      });
    }
    // The terminal has sent it to the engine too, which ends in good order:
    // until then its devices must answer.
    const wait = () => undefined;
    const pass = () => child.kill("SIGTERM");
    process.on("SIGINT", wait);
    process.on("SIGTERM", pass);
    child.on("error", fail);
    child.on("close", (code, signal) => {
      process.removeListener("SIGINT", wait);
      process.removeListener("SIGTERM", pass);
      done({ code: code ?? (signal === "SIGINT" ? 130 : 137), output });
    });
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

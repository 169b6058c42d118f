import { parseSudoers } from "../sudoers";
import type { Call, Tool } from "../tool";
import { gnu } from "./gnu";

const env: Tool = (call) => {
  const words = [...call.words];
  while (/^\w+=/.test(words[0] ?? "")) words.shift();
  const [tool, ...rest] = words;
  return tool === undefined ? 0 : call.run(tool, rest);
};

/** Without a terminal it can ask nobody. */
const sudo: Tool = (call) => {
  const words = [...call.words];
  while (words[0]?.startsWith("-")) {
    const flag = words.shift();
    if (flag === "--") break;
    if (flag !== "-n" && flag !== "--non-interactive") {
      call.stderr.write(`sudo: unrecognized option '${flag}'\n`);
      return 1;
    }
  }
  const [tool, ...rest] = words;
  if (tool === undefined) return 1;
  if (call.user !== "root" && !mayRun(call, tool, rest)) {
    call.stderr.write("sudo: a password is required\n");
    return 1;
  }
  return call.run(tool, rest, "root");
};

function mayRun(call: Call, tool: string, words: readonly string[]): boolean {
  const { sudoers = {} } = call.world.load<{
    sudoers?: Record<string, string>;
  }>("users", {});
  const text = sudoers[call.user] ?? "";
  return parseSudoers(text)(call.user, tool, words);
}

/** Held as long as what it runs; waiting is first come, first served. */
class Locks {
  readonly #tails = new Map<string, Promise<void>>();

  async take(
    key: string,
    signal: AbortSignal,
    seconds: number | undefined,
  ): Promise<(() => void) | undefined> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    let release: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#tails.set(
      key,
      before.then(() => mine),
    );
    let timer: NodeJS.Timeout | undefined;
    const isMine = await Promise.race([
      before.then(() => true),
      new Promise<boolean>((resolve) => {
        signal.addEventListener("abort", () => resolve(false));
        if (seconds !== undefined)
          timer = setTimeout(() => resolve(false), seconds * 1_000);
      }),
    ]);
    clearTimeout(timer);
    if (isMine) return release;
    release();
    return undefined;
  }
}
const locks = new Locks();

const flock: Tool = async (call) => {
  const words = [...call.words];
  const flags: string[] = [];
  let [seconds, conflict]: [number | undefined, number] = [undefined, 1];
  while (words[0]?.startsWith("-")) {
    const flag = words.shift() ?? "";
    if (["-w", "--wait", "--timeout"].includes(flag))
      seconds = Number(words.shift());
    else if (["-E", "--conflict-exit-code"].includes(flag))
      conflict = Number(words.shift());
    else if (["-n", "--nonblock"].includes(flag)) seconds = 0;
    else if (["-x", "-e", "--exclusive"].includes(flag)) flags.push(flag);
    else {
      call.stderr.write(`flock: unrecognized option '${flag}'\n`);
      return 64;
    }
  }
  const [file, tool, ...rest] = words;
  if (file === undefined || tool === undefined) {
    call.stderr.write("flock: requires a file descriptor, file or directory\n");
    return 64;
  }
  const release = await locks.take(
    `${call.world.directory}:${file}`,
    call.signal,
    seconds,
  );
  if (release === undefined) return conflict;
  try {
    return await call.run(tool, rest);
  } finally {
    release();
  }
};

const timeout: Tool = async (call) => {
  // What stands behind the first operand is the other program's.
  const words = [...call.words];
  const own: string[] = [];
  while (words[0]?.startsWith("-")) {
    const flag = words.shift() ?? "";
    own.push(flag, ...(/^-[sk]$/.test(flag) ? words.splice(0, 1) : []));
  }
  const parsed = gnu({ ...call, words: own }, "timeout", {
    signal: { type: "string", short: "s" },
    "kill-after": { type: "string", short: "k" },
  });
  if (parsed === undefined) return 125;
  const [seconds = "0", tool, ...rest] = words;
  if (tool === undefined) return 125;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(() => resolve(124), Number(seconds) * 1_000);
  });
  const code = await Promise.race([call.run(tool, rest), late]);
  clearTimeout(timer);
  return code;
};

const whoami: Tool = (call) => {
  call.stdout.write(`${call.user}\n`);
  return 0;
};

export const tools: Record<string, Tool> = {
  env,
  sudo,
  flock,
  timeout,
  whoami,
  true: () => 0,
  false: () => 1,
};

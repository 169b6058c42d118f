import type { Running } from "./connection";
import { HostError } from "./errors";
import type { RunOptions, Words } from "./machine";
import { quote } from "./quote";

export type Output = { code: number; stdout: Buffer; stderr: string };

/** flock's exit code where another has the lock. */
export const lockHeld = 75;
const outputAtMost = 64 * 1024 * 1024;

/** What a command says until it ends. */
export async function collect(
  { channel, ended }: Running,
  commands: readonly Words[],
  host: string,
  { signal, stdin }: Pick<RunOptions, "signal" | "stdin">,
): Promise<Output> {
  const words = commands[0] as Words;
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let size = 0;
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = (reason: unknown) => {
      channel.signal("TERM");
      channel.close();
      reject(reason);
    };
    whenAborted(signal, ended, () => stop(signal.reason));
    const take = (into: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length;
      if (size <= outputAtMost) into.push(chunk);
      else {
        const text = `"${words[0]}" on host "${host}" says too much`;
        stop(new HostError("exit", text, { words }));
      }
    };
    channel.on("data", take(stdout));
    channel.stderr.on("data", take(stderr));
  });
  if (typeof stdin === "object" && "then" in stdin)
    stdin.then(
      (data) => channel.writable && channel.end(data),
      () => channel.end(),
    );
  else channel.end(stdin);
  const end = await Promise.race([ended, stopped]);
  const said = Buffer.concat(stderr).toString("utf8");
  if (end === undefined) {
    const text = `the connection to host "${host}" went while "${words[0]}" ran there`;
    throw new HostError("lost", text, { words, stderr: said });
  }
  if ("signal" in end) {
    const text = `"${words[0]}" on host "${host}" was ended by ${end.signal}: ${said.trim()}`;
    throw new HostError("killed", text, { words, stderr: said });
  }
  return { code: end.code, stdout: Buffer.concat(stdout), stderr: said };
}

/** `cat` gives back what it is sent once the lock is held. */
export async function acquired(
  { channel, ended }: Running,
  host: string,
  lock: string,
  signal: AbortSignal,
): Promise<void> {
  let said = "";
  channel.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const held = new Promise<"held">((resolve, reject) => {
    whenAborted(signal, ended, () => {
      channel.close();
      reject(signal.reason);
    });
    channel.once("data", () => resolve("held"));
  });
  channel.write("held\n");
  const end = await Promise.race([held, ended]);
  if (end === "held") return;
  const isTaken = end !== undefined && "code" in end && end.code === lockHeld;
  const cause = isTaken
    ? `another holds ${lock} for over a minute (${quote(["fuser", "--verbose", lock])} on it tells who)`
    : `${lock} could not be locked: ${said.trim() || "the connection went"}`;
  throw new HostError(end ? "exit" : "lost", `on host "${host}" ${cause}`);
}

/** Also when that has come while the command was asked for: no event tells it again. */
function whenAborted(
  signal: AbortSignal,
  ended: Running["ended"],
  stop: () => void,
): void {
  if (signal.aborted) {
    stop();
    return;
  }
  signal.addEventListener("abort", stop, { once: true });
  void ended.then(() => signal.removeEventListener("abort", stop));
}

import type { ClientChannel } from "ssh2";
import { HostError } from "./errors";
import type { RunOptions, Words } from "./machine";
import { quote } from "./quote";

export type Output = { code: number; stdout: Buffer; stderr: string };

/** flock's exit code where another has the lock. */
export const lockHeld = 75;
const outputAtMost = 64 * 1024 * 1024;

/** What a command says until it ends. */
export function collect(
  channel: ClientChannel,
  commands: readonly Words[],
  host: string,
  { signal, stdin }: Pick<RunOptions, "signal" | "stdin">,
): Promise<Output> {
  const words = commands[0] as Words;
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let size = 0;
    let end: { code?: number; signal?: string } | undefined;
    const abort = () => {
      channel.signal("TERM");
      channel.close();
      reject(signal.reason);
    };
    const take = (into: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length;
      if (size <= outputAtMost) into.push(chunk);
      else {
        channel.close();
        reject(
          new HostError(
            "exit",
            `"${words[0]}" on host "${host}" says too much`,
            {
              words,
            },
          ),
        );
      }
    };
    signal.addEventListener("abort", abort, { once: true });
    channel.on("data", take(stdout));
    channel.stderr.on("data", take(stderr));
    // It may end without reading what it is given.
    channel.on("error", () => undefined);
    channel.on("exit", (code: number | null, name?: string) => {
      end = code === null ? { signal: name } : { code };
    });
    channel.on("close", () => {
      signal.removeEventListener("abort", abort);
      const said = Buffer.concat(stderr).toString("utf8");
      if (end?.code !== undefined) {
        const output = Buffer.concat(stdout);
        resolve({ code: end.code, stdout: output, stderr: said });
      } else if (end) {
        reject(
          new HostError(
            "killed",
            `"${words[0]}" on host "${host}" was ended by ${end.signal ?? "a signal"}: ${said.trim()}`,
            { words, stderr: said },
          ),
        );
      } else {
        reject(
          new HostError(
            "lost",
            `the connection to host "${host}" went while "${words[0]}" ran there`,
            { words, stderr: said },
          ),
        );
      }
    });
    channel.end(stdin);
  });
}

/** `cat` gives back what it is sent once the lock is held. */
export function acquired(
  channel: ClientChannel,
  host: string,
  lock: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    let code: number | null = null;
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    channel.once("data", () => resolve());
    channel.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    channel.on("error", () => undefined);
    channel.on("exit", (value: number | null) => {
      code = value;
    });
    channel.on("close", () => {
      signal.removeEventListener("abort", abort);
      const cause =
        code === lockHeld
          ? `another holds ${lock} for over a minute (${quote(["fuser", "--verbose", lock])} on it tells who)`
          : `${lock} could not be locked: ${said.trim() || "the connection went"}`;
      reject(
        new HostError(
          code === null ? "lost" : "exit",
          `on host "${host}" ${cause}`,
        ),
      );
    });
    channel.write("held\n");
  });
}

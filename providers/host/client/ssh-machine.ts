import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { posix } from "node:path";
import { Limiter } from "../../limiter";
import { acquired, collect, lockHeld, type Output } from "./channel";
import type { Running, SshConnection } from "./connection";
import { HostError } from "./errors";
import type {
  FileFacts,
  FileSpec,
  Machine,
  Result,
  RunOptions,
  Words,
} from "./machine";
import { quote } from "./quote";

/**
 * OpenSSH's MaxSessions is 10 a connection. Two are left to the holders of
 * locks, two to commands that have ended and that sshd still counts.
 */
const channelsAtOnce = 6;
/** Fixed, because the sudoers file names this command as it is. */
const lockWait = ["--exclusive", "--wait", "60"];

/** A machine over SSH, as root or through sudo. */
export class SshMachine implements Machine {
  readonly #limiter = new Limiter();
  readonly #locks = new Limiter();

  constructor(
    readonly name: string,
    private readonly connection: SshConnection,
    private readonly sudo: boolean,
  ) {}

  async run(words: Words, options: RunOptions): Promise<Result> {
    const output = await this.#run([words], options);
    return { ...output, stdout: output.stdout.toString("utf8") };
  }

  /** Those of this process wait here: over there each would take a session. */
  exclusively<T>(
    lock: string,
    signal: AbortSignal,
    act: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#locks.run(lock, 1, signal, () =>
      this.#locked(lock, signal, act),
    );
  }

  async #locked<T>(
    lock: string,
    signal: AbortSignal,
    act: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    // What holds it ends with its input: also when this process is killed.
    const words: Words = [
      "flock",
      ...lockWait,
      "--conflict-exit-code",
      `${lockHeld}`,
      lock,
      "cat",
    ];
    const running = await this.#open([words], signal);
    const gone = new AbortController();
    try {
      await acquired(running, this.name, lock, signal);
      void running.ended.then(() =>
        gone.abort(
          new HostError(
            "lost",
            `the connection to host "${this.name}" went, and the lock ${lock} with it`,
          ),
        ),
      );
      const held = AbortSignal.any([signal, gone.signal]);
      setMaxListeners(0, held);
      return await act(held);
    } finally {
      running.channel.end();
      // Who waits for another's lock and gives up need not wait for its end.
      if (!signal.aborted) await running.ended;
    }
  }

  async stat(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, FileFacts>> {
    const lines = await this.#ofEach(
      ["stat", "--printf=%F/%U/%G/%a/%s/%n\\0"],
      paths,
      signal,
    );
    return new Map(
      lines.map((line) => {
        const [form = "", owner = "", group = "", mode = "", size, ...path] =
          line.split("/");
        const facts = {
          kind: kinds[form] ?? "other",
          owner,
          group,
          mode: mode.padStart(4, "0"),
          size: Number(size),
        };
        return [path.join("/"), facts];
      }),
    );
  }

  async read(path: string, signal: AbortSignal): Promise<Buffer | undefined> {
    const words: Words = ["cat", "--", path];
    const options = { signal, codes: [0, 1], looks: true };
    const output = await this.#run([words], options);
    if (output.code === 0) return output.stdout;
    this.#refuseFailed(words, output);
    return undefined;
  }

  async sha256(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, string>> {
    const lines = await this.#ofEach(["sha256sum", "--zero"], paths, signal);
    return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
  }

  /** What a tool says, a NUL after each, of those of the paths that are there. */
  async #ofEach(
    words: Words,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<string[]> {
    if (paths.length === 0) return [];
    const full: Words = [...words, "--", ...paths];
    const options = { signal, codes: [0, 1], looks: true };
    const output = await this.#run([full], options);
    if (output.code !== 0) this.#refuseFailed(full, output);
    return namesIn(output);
  }

  /**
   * By standard input and not by SFTP: that has no way through sudo, would be a
   * second protocol to hold, and takes four round trips where this takes one.
   */
  async write(
    path: string,
    { content, owner, group, mode }: FileSpec,
    signal: AbortSignal,
  ): Promise<void> {
    const folder = posix.dirname(path);
    const id = randomBytes(6).toString("hex");
    const beside = posix.join(folder, `.${posix.basename(path)}.${id}.new`);
    const rights = [`--owner=${owner}`, `--group=${group}`, `--mode=${mode}`];
    const commands: Words[] = [
      // Made with no rights for others before anything is in it.
      ["install", ...rights, "--no-target-directory", "/dev/stdin", beside],
      ["sync", beside],
      ["mv", "--no-target-directory", "--", beside, path],
      ["sync", folder],
    ];
    try {
      await this.#run(commands, { signal, stdin: content });
    } catch (error) {
      await this.remove(beside, AbortSignal.timeout(5_000)).catch(
        () => undefined,
      );
      throw error;
    }
  }

  async list(path: string, signal: AbortSignal): Promise<string[] | undefined> {
    const words: Words = ["ls", "--almost-all", "--zero", "--", path];
    const options = { signal, codes: [0, 2], looks: true };
    const output = await this.#run([words], options);
    if (output.code === 0) return namesIn(output);
    this.#refuseFailed(words, output);
    return undefined;
  }

  /** That something is not there is an answer; anything else is none. */
  #refuseFailed(words: Words, output: Output): void {
    const isAnswer = output.stderr
      .trim()
      .split("\n")
      .every((line) => /No such file or directory|Not a directory/.test(line));
    if (!isAnswer) throw failed([words], this.name, output);
  }

  async remove(path: string, signal: AbortSignal): Promise<void> {
    await this.run(["rm", "--force", "--", path], { signal });
  }

  async #run(commands: readonly Words[], options: RunOptions): Promise<Output> {
    try {
      return await this.#once(commands, options);
    } catch (error) {
      const isLost = error instanceof HostError && error.kind === "lost";
      if (!isLost || !options.looks) throw error;
      return this.#once(commands, options);
    }
  }

  #once(commands: readonly Words[], options: RunOptions): Promise<Output> {
    const { signal, stdin, codes = [0] } = options;
    return this.#limiter.run(this.name, channelsAtOnce, signal, async () => {
      const running = await this.#open(commands, signal);
      const output = await collect(running, commands, this.name, {
        signal,
        stdin,
      });
      if (codes.includes(output.code)) return output;
      throw failed(commands, this.name, output);
    });
  }

  #open(commands: readonly Words[], signal: AbortSignal): Promise<Running> {
    // The tools' English, which is read here.
    const before = ["LC_ALL=C", ...(this.sudo ? ["sudo", "-n", "--"] : [])];
    const line = commands
      .map((words) => quote(["env", ...before, ...words]))
      .join(" && ");
    return this.connection.open(line, signal);
  }
}

const kinds: Record<string, FileFacts["kind"]> = {
  "regular file": "file",
  "regular empty file": "file",
  directory: "directory",
  "symbolic link": "link",
};

/** With a NUL after each. */
function namesIn({ stdout }: Output): string[] {
  return stdout.toString("utf8").split("\0").filter(Boolean);
}

function failed(
  commands: readonly Words[],
  host: string,
  { code, stdout, stderr }: Output,
): HostError {
  const words = commands[0] as Words;
  const said = stderr.trim() || stdout.toString("utf8").trim() || "nothing";
  const isUnknown = code === 127 || /^sudo: .*command not found/m.test(stderr);
  const isRefused = /^sudo: a password is required/m.test(stderr);
  const hint = isUnknown
    ? `. Install ${words[0]} on "${host}"`
    : isRefused
      ? ". Let the account run it without a password, see docs/host-access.md; sudo says the same of a program that is not installed"
      : "";
  return new HostError(
    "exit",
    `"${commands.map(([name]) => name).join(", ")}" on host "${host}" ended with ${code}: ${said}${hint}`,
    { words, code, stdout: stdout.toString("utf8"), stderr },
  );
}

import type { Buffer } from "node:buffer";

/** A program and its arguments; nothing in them means anything to a shell. */
export type Words = readonly [string, ...string[]];

export interface RunOptions {
  signal: AbortSignal;
  /** Of a promise the program waits for what it brings. */
  stdin?: string | Buffer | Promise<Buffer>;
  /** Exit codes that are an answer and no failure; 0 if left out. */
  codes?: readonly number[];
  /** It only looks: once more when the connection went in the middle. */
  looks?: boolean;
}

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export interface FileSpec {
  content: string | Buffer;
  /** Names as `chown` takes them. */
  owner: string;
  group: string;
  /** "0644" */
  mode: string;
}

export interface FileFacts {
  kind: "file" | "directory" | "link" | "other";
  owner: string;
  group: string;
  /** "0644" */
  mode: string;
  size: number;
}

/** What a provider does on a machine; over SSH in client.ts. */
export interface Machine {
  /** As the manifest calls it. */
  readonly name: string;
  /** Rejects with a HostError when the exit code is none of `codes`. */
  run(words: Words, options: RunOptions): Promise<Result>;
  /**
   * Holds an exclusive lock (flock) of a file over there while `act` runs. A
   * lost connection or a dead process releases it; the signal tells the former.
   */
  exclusively<T>(
    lock: string,
    signal: AbortSignal,
    act: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** Of each path at which something is, by one command. Symbolic links are not followed. */
  stat(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, FileFacts>>;
  read(path: string, signal: AbortSignal): Promise<Buffer | undefined>;
  /** Lower-case hex, for each path that is a file. */
  sha256(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, string>>;
  /**
   * The old file or the new one, whole, whenever power or connection goes: a
   * temporary file beside it, on the disk before it gets the name.
   */
  write(path: string, file: FileSpec, signal: AbortSignal): Promise<void>;
  /** Names in a directory; undefined: there is none. */
  list(path: string, signal: AbortSignal): Promise<string[] | undefined>;
  /** A file, if it is there. */
  remove(path: string, signal: AbortSignal): Promise<void>;
}

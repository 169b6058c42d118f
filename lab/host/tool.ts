import type { HostWorld } from "./world";

export interface Call {
  /** argv without the tool's name. */
  words: readonly string[];
  /** Who runs it: "root" under sudo or after a login as root. */
  user: string;
  world: HostWorld;
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  /** The caller is gone: the channel was closed, or the power went. */
  signal: AbortSignal;
  /** For tools that run another one: sudo, flock, timeout. */
  run(tool: string, words: readonly string[], user?: string): Promise<number>;
}

/** Ends with the exit code. A tool refuses flags and operands as the real one does. */
export type Tool = (call: Call) => number | Promise<number>;

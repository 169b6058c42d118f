import type { Words } from "./machine";

export type HostErrorKind =
  /** No connection, or it was lost before anything was asked. */
  | "unreachable"
  /** The connection went while a command ran: nobody knows what came of it. */
  | "lost"
  | "host-key"
  | "login"
  /** The command ended with a code that was not expected. */
  | "exit"
  /** The command was killed by a signal. */
  | "killed";

export interface HostErrorDetails {
  words?: Words;
  code?: number;
  stdout?: string;
  stderr?: string;
  cause?: unknown;
}

/** Something a machine did or did not do; the text is fit for a user. */
export class HostError extends Error {
  readonly words?: Words;
  readonly code?: number;
  readonly stdout: string;
  readonly stderr: string;

  constructor(
    readonly kind: HostErrorKind,
    message: string,
    { words, code, stdout = "", stderr = "", cause }: HostErrorDetails = {},
  ) {
    super(message, { cause });
    this.name = "HostError";
    this.words = words;
    this.code = code;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

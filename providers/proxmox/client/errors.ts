/**
 * What a failed request has done: nothing; perhaps everything (the reply was
 * lost); or PVE says that it tried and failed.
 */
export type Outcome = "not-executed" | "unknown" | "failed";

export interface ProxmoxFailure {
  host: string;
  method: string;
  path: string;
  outcome: Outcome;
  /** HTTP status; 0 when no reply came. */
  status: number;
  reason: string;
  errors?: Record<string, string>;
  remedy?: string;
  cause?: unknown;
}

export class ProxmoxError extends Error {
  readonly outcome: Outcome;
  readonly status: number;
  readonly reason: string;
  readonly errors: Record<string, string>;
  readonly method: string;
  readonly path: string;

  constructor(failure: ProxmoxFailure) {
    const { host, method, path, status, reason, errors = {} } = failure;
    const details = Object.entries(errors).map(
      ([key, why]) => `${key}: ${why}`,
    );
    const what = [`${status || ""} ${reason}`.trim(), ...details].join("; ");
    const remedy = failure.remedy ? `. ${failure.remedy}` : "";
    super(
      `${method} ${path} on host "${host}": ${what.trim().replace(/\.$/, "")}${remedy}`,
      { cause: failure.cause },
    );
    this.name = "ProxmoxError";
    this.outcome = failure.outcome;
    this.status = status;
    this.reason = reason;
    this.errors = errors;
    this.method = method;
    this.path = path;
  }
}

export class TaskError extends Error {
  constructor(
    what: string,
    readonly upid: string,
    readonly exitStatus: string,
    readonly log: readonly string[],
  ) {
    const tail =
      log.length > 0 ? ` The task's log ends: ${log.join(" | ")}` : "";
    super(`${what} failed: ${exitStatus} (task ${upid}).${tail}`);
    this.name = "TaskError";
  }
}

const lockTimeout = /can't lock file .* - got timeout|got lock request timeout/;
const locked = /VM is locked \(/;

function words(error: unknown): string {
  if (error instanceof ProxmoxError) {
    return [error.reason, ...Object.values(error.errors)].join("\n");
  }
  return error instanceof TaskError ? error.exitStatus : "";
}

/** Raised before any work starts, or as the exit status of a task that undid its work. */
export function isLockTimeout(error: unknown): boolean {
  return lockTimeout.test(words(error));
}

export function isLocked(error: unknown): boolean {
  return locked.test(words(error));
}

/** PVE answers 500, not 404, for a guest that is not on the node (AbstractConfig.pm). */
export function isGuestMissing(error: unknown): boolean {
  return /Configuration file '.*' does not exist/.test(words(error));
}

export function isAlreadyExists(error: unknown): boolean {
  return /config file already exists|VM \d+ already exists|already exists on node/.test(
    words(error),
  );
}

export function isDigestMismatch(error: unknown): boolean {
  return /checksum mismatch \(file change by other user\?\)|detected modified configuration/.test(
    words(error),
  );
}

/** The guest runs where it must not, or the other way round. */
export function isWrongPowerState(error: unknown): boolean {
  return /VM \d+ (is running - destroy failed|(is )?not running|is already running)/.test(
    words(error),
  );
}

/** Of a request to the agent: 500, in many words, whatever keeps it from answering. */
export function isAgentSilent(error: unknown): boolean {
  return (
    error instanceof ProxmoxError &&
    error.status === 500 &&
    !isGuestMissing(error)
  );
}

/** The outcome of a reply with an error status. */
export function outcomeOf(status: number, reason: string): Outcome {
  if ((status >= 400 && status < 500) || status === 501) return "not-executed";
  // 595: the connection to the node failed; 596 and later: it broke after that
  // (AnyEvent::HTTP's pseudo status codes, passed on by pveproxy).
  if (status === 595) return "not-executed";
  if (status > 595 || (status >= 502 && status <= 504)) return "unknown";
  return lockTimeout.test(reason) || locked.test(reason)
    ? "not-executed"
    : "failed";
}

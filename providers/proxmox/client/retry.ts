import { setTimeout as sleep } from "node:timers/promises";
import {
  isLocked,
  isLockTimeout,
  ProxmoxError,
  type TaskError,
} from "./errors";
import type { Method } from "./transport";

const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** For a host that does not answer: about 5 s, and then the user should know. */
const connectionTries = 6;

/**
 * Repeats a request where that can do no harm: a GET after any passing
 * failure, anything else only when nothing was executed. A lock is waited for
 * until the signal aborts.
 */
export async function retrying<T>(
  method: Method,
  signal: AbortSignal,
  send: () => Promise<T>,
): Promise<T> {
  let held: ProxmoxError | undefined;
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (error) {
      // The deadline met a request on its way: why there was another is known.
      if (held && signal.aborted && error === signal.reason)
        throw waitedInVain(held, error);
      const lock = isLocked(error) || isLockTimeout(error);
      if (lock) held = error as ProxmoxError;
      const again = lock || (passes(error, method) && tries < connectionTries);
      if (!again) throw error;
      try {
        await sleep(pauseMs(tries), undefined, { signal });
      } catch {
        throw waitedInVain(error as ProxmoxError, signal.reason);
      }
    }
  }
}

function passes(error: unknown, method: Method): boolean {
  if (!(error instanceof ProxmoxError)) return false;
  if (error.outcome === "unknown") return method === "GET";
  // Not the TLS failures, which have a status of 0 too: they do not pass.
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  const unreachable = /^(ECONNREFUSED|EHOSTUNREACH|UND_ERR_CONNECT)/.test(code);
  return error.status === 595 || unreachable;
}

/** Full jitter, so that parallel clones do not meet at the same lock again. */
function pauseMs(tries: number): number {
  const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** tries);
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}

/** The deadline's error, with what was waited for; only its holder or root ends a guest's lock. */
export function waitedInVain(
  error: ProxmoxError | TaskError,
  reason: unknown,
): Error {
  const why = reason instanceof Error ? reason.message : String(reason);
  const remedy = isLocked(error)
    ? ". If no task works on the guest any more, unlock it on its node with qm unlock and its VM id"
    : "";
  return new Error(`${why}, waiting for: ${error.message}${remedy}`, {
    cause: error,
  });
}

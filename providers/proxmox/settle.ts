import { setTimeout as sleep } from "node:timers/promises";
import {
  isDigestMismatch,
  isLocked,
  isLockTimeout,
  ProxmoxError,
  TaskError,
  waitedInVain,
} from "./client";

const pauseMs = 500;
/** Each look has been tried for some 5 s by then. */
const looksInVain = 3;

/**
 * Repeats a step whose outcome is unknown (the reply was lost, or a lock gave
 * way in the middle) until it is known. Each run of `step` looks at the device
 * first and does only what is still missing, so nothing is ever done twice.
 * A host that does not even answer looks is given up.
 */
export async function settle<T>(
  signal: AbortSignal,
  step: (again: boolean) => Promise<T>,
): Promise<T> {
  let inVain = 0;
  let before: ProxmoxError | TaskError | undefined;
  for (let again = false; ; again = true) {
    try {
      return await step(again);
    } catch (error) {
      // The deadline met a later look or try, which has no more to say.
      if (before && signal.aborted && error === signal.reason)
        throw waitedInVain(before, error);
      if (!isUnsettled(error) || signal.aborted) throw error;
      const looked = error instanceof ProxmoxError && error.method === "GET";
      inVain = looked ? inVain + 1 : 0;
      if (inVain === looksInVain) throw error;
      before = error;
      try {
        await sleep(pauseMs, undefined, { signal });
      } catch {
        throw waitedInVain(error, signal.reason);
      }
    }
  }
}

function isUnsettled(error: unknown): error is ProxmoxError | TaskError {
  if (error instanceof ProxmoxError) {
    return error.outcome === "unknown" || isDigestMismatch(error);
  }
  // A task that is refused by a lock or a digest has done nothing.
  return (
    error instanceof TaskError &&
    (isLockTimeout(error) || isLocked(error) || isDigestMismatch(error))
  );
}

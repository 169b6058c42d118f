import { setTimeout as sleep } from "node:timers/promises";
import {
  isDigestMismatch,
  isLockTimeout,
  ProxmoxError,
  TaskError,
} from "./client";

const pauseMs = 500;

/**
 * Repeats a step whose outcome is unknown (the reply was lost, or a lock gave
 * way in the middle) until it is known. Each run of `step` looks at the device
 * first and does only what is still missing, so nothing is ever done twice.
 */
export async function settle<T>(
  signal: AbortSignal,
  step: (again: boolean) => Promise<T>,
): Promise<T> {
  for (let again = false; ; again = true) {
    try {
      return await step(again);
    } catch (error) {
      if (!isUnsettled(error) || signal.aborted) throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

function isUnsettled(error: unknown): boolean {
  if (error instanceof ProxmoxError) {
    return error.outcome === "unknown" || isDigestMismatch(error);
  }
  return error instanceof TaskError && isLockTimeout(error);
}

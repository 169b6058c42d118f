import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../dynamic/failure";
import { HostError } from "../host/client/errors";

const pauseMs = 1_000;
const attempts = 5;

/** Nobody knows what came of it: the connection went. */
export function isOpen(error: unknown): error is HostError {
  return (
    error instanceof HostError &&
    (error.kind === "lost" || error.kind === "unreachable")
  );
}

/**
 * Repeats a step whose outcome nobody knows, because the connection went in
 * its middle. Each run of `step` looks first and does only what is missing.
 */
export async function settle<T>(
  signal: AbortSignal,
  step: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      if (!isOpen(error) || attempt === attempts || signal.aborted) throw error;
      try {
        await sleep(pauseMs, undefined, { signal });
      } catch {
        throw new UserError(
          `${(signal.reason as Error).message}, and the last attempt ended so: ${error.message}`,
        );
      }
    }
  }
}

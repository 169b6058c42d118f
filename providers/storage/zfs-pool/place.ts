import { setTimeout as sleep } from "node:timers/promises";
import type { Operation } from "../../dynamic/kind";
import { HostError } from "../../host/client";
import type { Machine } from "../../host/client/machine";
import { connect } from "../../host/connection";
import { disksLock, Zfs } from "../zfs/client";

/** A host, and what is done there. */
export interface Place {
  machine: Machine;
  zfs: Zfs;
  operation: Operation;
  /** Also aborts when the lock is lost. */
  signal: AbortSignal;
}

export function placeOn(operation: Operation, host: string): Place {
  const machine = connect(operation, host);
  const { signal } = operation;
  return { machine, zfs: new Zfs(machine, signal), operation, signal };
}

const looksInVain = 3;
/** What was cut off may still run over there for a moment. */
const pauseMs = 1_000;

/**
 * The one that writes to disks of the host. When the connection goes in the
 * middle `act` runs anew: it looks first, and does what is still missing.
 */
export async function alone<T>(
  { machine, operation }: Place,
  act: (place: Place) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await machine.exclusively(disksLock, operation.signal, (signal) =>
        act({ machine, zfs: new Zfs(machine, signal), operation, signal }),
      );
    } catch (error) {
      const isFleeting =
        error instanceof HostError &&
        ["lost", "unreachable"].includes(error.kind);
      if (!isFleeting || operation.signal.aborted || tries === looksInVain)
        throw error;
      await sleep(pauseMs, undefined, { signal: operation.signal });
    }
  }
}

import type { Operation } from "../dynamic/kind";
import type { Machine } from "../host/client/machine";
import { connect } from "../host/connection";
import { settle } from "./settle";
import { disksLock, Zfs } from "./zfs/client";

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

/**
 * The one that writes to disks of the host. When the connection goes in the
 * middle `act` runs anew: it looks first, and does what is still missing.
 */
export function alone<T>(
  { machine, operation }: Place,
  act: (place: Place) => Promise<T>,
): Promise<T> {
  return settle(operation.signal, () =>
    machine.exclusively(disksLock, operation.signal, (signal) =>
      act({ machine, zfs: new Zfs(machine, signal), operation, signal }),
    ),
  );
}

/** Whoever writes is the only one who does; who looks waits for nobody. */
export function onHost<T>(
  operation: Operation,
  host: string,
  act: (place: Place) => Promise<T>,
  mode: "writing" | "looking" = "writing",
): Promise<T> {
  const place = placeOn(operation, host);
  return mode === "looking" ? act(place) : alone(place, act);
}

import type { z } from "zod";
import type { Configuration } from "./configuration";

/** What a change does to the service, from nothing to the loss of data. */
export type Impact = "none" | "reload" | "restart" | "outage" | "data";

export type Verb = "create" | "read" | "update" | "delete";

/** Inputs that every kind takes. */
export interface CommonInputs {
  /** Who the thing belongs to, see owner.ts. */
  owner: string;
  /** As the manifest calls the thing; errors say it. */
  name: string;
  /** Deadlines in seconds. */
  timeouts?: Partial<Record<Verb, number>>;
}

export interface Operation {
  /** Aborts at the verb's deadline, and when the engine is gone. */
  readonly signal: AbortSignal;
  readonly configuration: Configuration;
  /** Throws when the engine is gone: to be awaited before each write. */
  readonly beforeWrite: () => Promise<void>;
  /** Shows the user what is done beyond what the preview could say. */
  readonly tell: (text: string) => void;
  /**
   * Says that the thing exists now: whatever fails after this is recorded as
   * a partial failure, and the next `up` carries on instead of creating.
   */
  exists(id: string, outputs?: object): void;
}

export interface Refusal {
  property: string;
  reason: string;
}

/** A kind of resource: everything that `handler` needs to serve it. */
export interface Kind<Inputs extends CommonInputs, Outputs extends object> {
  /** "<system>:<Kind>" */
  readonly token: string;
  readonly schema: z.ZodObject;
  readonly parse: (inputs: unknown) => Inputs;
  readonly impacts: Record<keyof Inputs, Impact>;
  /** Default deadlines in seconds. */
  readonly timeouts: Record<Verb, number>;
  /** Paths of inputs whose strings must not show up in an error, "cloudInit.password"; "*" for every item of a list. */
  readonly secrets?: readonly string[];
  /** Inputs that only say what messages call things: a change of them alone is recorded, and no device is asked. */
  readonly wording?: readonly (keyof Inputs)[];
  /** A message with things called as people call them. Pure; `known`: all inputs at hand, the newest last. */
  worded?(text: string, known: readonly Partial<Inputs>[]): string;
  /** Changes that PVE and its like have no path for; pure, runs at preview. */
  refuse?(olds: Inputs, news: Inputs): Refusal[];
  /** Of the changed inputs those that need a new thing; pure. */
  replaces?(
    olds: Inputs & Outputs,
    news: Inputs,
    changed: readonly (keyof Inputs)[],
  ): (keyof Inputs)[];
  /**
   * A change in words, where the engine's own view of it misleads: it compares
   * lists by place. Pure; runs at preview, and again before the update.
   */
  words?(olds: Inputs, news: Inputs): string[];
  create(
    inputs: Inputs,
    operation: Operation,
  ): Promise<{ id: string; outputs: Outputs }>;
  /** The inputs as the device has them, only for what `inputs` sets; undefined: gone. */
  read(
    id: string,
    inputs: Inputs & Outputs,
    operation: Operation,
  ): Promise<{ inputs: Inputs; outputs: Outputs } | undefined>;
  update(
    id: string,
    olds: Inputs & Outputs,
    news: Inputs,
    operation: Operation,
  ): Promise<Outputs>;
  delete(
    id: string,
    inputs: Inputs & Outputs,
    operation: Operation,
  ): Promise<void>;
}

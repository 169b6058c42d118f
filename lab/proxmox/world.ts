import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Network } from "./network";
import type { InternetFile, NodeSpec } from "./spec";
import type { StorageDefinitions } from "./storage-definitions";

export type Config = Record<string, string | number>;

export interface Guest {
  cluster: string;
  node: string;
  vmid: number;
  config: Config;
  /** Changes of a running guest that wait for its next start; null: unset. */
  pending: Record<string, string | number | null>;
  status: "running" | "stopped";
  startedAt: number;
}

export interface Volume {
  volid: string;
  storage: string;
  content: string;
  bytes: number;
  vmid?: number;
}

export interface Task {
  upid: string;
  node: string;
  cluster: string;
  type: string;
  id: string;
  user: string;
  starttime: number;
  /** When the work is done, in ms; a restarted simulator finishes it. */
  endsAt: number;
  /** The guest whose configuration file the worker holds locked. */
  locks?: number;
  /** What happens at the end: a handler's name and its arguments. */
  effect: { name: string; args: Record<string, unknown> };
  exitstatus?: string;
  endtime?: number;
  log: string[];
}

export interface Node extends NodeSpec {
  cluster: string;
  network: Network;
  /** What the definitions of its storages stood on last, by storage id. */
  backings?: Record<string, string>;
  /** By storage id. */
  volumes: Record<string, Volume[]>;
}

export interface Account {
  cluster: string;
  token: string;
  privileges: string[];
  password: string;
}

/**
 * All that exists, each object in a small file of its own that is written
 * before the reply goes out: a simulator that is killed starts again where it was.
 */
export class World {
  readonly nodes = new Map<string, Node>();
  readonly guests = new Map<string, Guest>();
  readonly tasks = new Map<string, Task>();
  readonly accounts = new Map<string, Account>();
  readonly internet = new Map<string, InternetFile>();
  readonly storages = new Map<string, StorageDefinitions>();

  constructor(readonly directory: string) {
    this.#load("nodes", this.nodes);
    this.#load("guests", this.guests);
    this.#load("tasks", this.tasks);
    this.#load("accounts", this.accounts);
    this.#load("internet", this.internet);
    this.#load("storages", this.storages);
  }

  guest(cluster: string, vmid: number): Guest | undefined {
    return this.guests.get(`${cluster}/${vmid}`);
  }

  save(kind: "guests", value: Guest): void;
  save(kind: "nodes", value: Node): void;
  save(kind: "tasks", value: Task): void;
  save(kind: "accounts", value: Account): void;
  save(kind: "internet", value: InternetFile): void;
  save(kind: "storages", value: StorageDefinitions): void;
  save(kind: string, value: object): void {
    const key = keyOf(kind, value);
    (this[kind as "guests"] as Map<string, object>).set(key, value);
    const file = join(this.directory, kind, `${encodeURIComponent(key)}.json`);
    // The name of a new file is not ".json": a half-written one is not read.
    writeFileSync(`${file}.new`, JSON.stringify({ key, value }), {
      mode: 0o600,
    });
    renameSync(`${file}.new`, file);
  }

  remove(kind: "guests" | "tasks", value: Guest | Task): void {
    const key = keyOf(kind, value);
    this[kind].delete(key);
    rmSync(join(this.directory, kind, `${encodeURIComponent(key)}.json`), {
      force: true,
    });
  }

  #load<T>(kind: string, into: Map<string, T>): void {
    const folder = join(this.directory, kind);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith(".json")) continue;
      const text = readFileSync(join(folder, name), "utf8");
      const { key, value } = JSON.parse(text) as { key: string; value: T };
      into.set(key, value);
    }
  }
}

function keyOf(kind: string, value: object): string {
  const fields = value as Record<string, string>;
  switch (kind) {
    case "guests":
      return `${fields.cluster}/${fields.vmid}`;
    case "tasks":
      return `${fields.upid}`.slice(0, 200);
    case "accounts":
    case "storages":
      return `${fields.cluster}`;
    case "internet":
      return `${fields.url}`.slice(-120);
    default:
      return `${fields.name}`;
  }
}

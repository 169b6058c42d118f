import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { InternetFile, NodeSpec } from "./spec";
import { placeVolumes, type StorageVolumes } from "./volumes";

export type Config = Record<string, string | number>;

export interface Guest {
  cluster: string;
  node: string;
  vmid: number;
  config: Config;
  /** Changes of a running guest that wait for its next start; null: unset. */
  pending: Record<string, string | number | null>;
  /** Those of the pending deletions that destroy the volume. */
  forced?: string[];
  /** What the cloud-init drive still says, of what has changed since; `added`: names. */
  cloudinit?: Record<string, string | number>;
  snapshots?: Record<string, Config>;
  status: "running" | "stopped";
  startedAt: number;
}

export interface Volume {
  /** The node that has it, or the cluster when the storage is shared. */
  home: string;
  volid: string;
  storage: string;
  content: string;
  bytes: number;
  /** "raw", where the name does not say. */
  format: string;
  vmid?: number;
  /** The volume that a linked clone stands on. */
  base?: string;
}

export interface Pool {
  cluster: string;
  poolid: string;
  comment?: string;
  vms: number[];
  storage: string[];
}

/** A device of the cluster's nodes under one name. */
export interface Mapping {
  cluster: string;
  kind: "pci" | "usb";
  id: string;
  /** Property strings, one for a node's device. */
  map: string[];
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
  /** By storage id; those of a shared storage are one object for all nodes. */
  volumes: Record<string, StorageVolumes>;
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
  readonly pools = new Map<string, Pool>();
  readonly mappings = new Map<string, Mapping>();
  readonly volumes = new Map<string, Volume>();
  /** Behind MAC addresses and UUIDs; undefined: they are random. */
  seed?: number;

  constructor(readonly directory: string) {
    this.#load("nodes", this.nodes);
    this.#load("guests", this.guests);
    this.#load("tasks", this.tasks);
    this.#load("accounts", this.accounts);
    this.#load("internet", this.internet);
    this.#load("pools", this.pools);
    this.#load("mappings", this.mappings);
    this.#load("volumes", this.volumes);
    placeVolumes(this);
  }

  guest(cluster: string, vmid: number): Guest | undefined {
    return this.guests.get(`${cluster}/${vmid}`);
  }

  save(kind: "guests", value: Guest): void;
  save(kind: "nodes", value: Node): void;
  save(kind: "tasks", value: Task): void;
  save(kind: "accounts", value: Account): void;
  save(kind: "internet", value: InternetFile): void;
  save(kind: "pools", value: Pool): void;
  save(kind: "volumes", value: Volume): void;
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

  remove(
    kind: "guests" | "tasks" | "volumes",
    value: Guest | Task | Volume,
  ): void {
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
      return `${fields.cluster}`;
    case "internet":
      return `${fields.url}`.slice(-120);
    case "pools":
      return `${fields.cluster}/${fields.poolid}`;
    case "mappings":
      return `${fields.cluster}/${fields.kind}/${fields.id}`;
    case "volumes":
      return `${fields.home}/${fields.volid}`;
    default:
      return `${fields.name}`;
  }
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Journal } from "./journal";
import type { Network } from "./network";
import type { InternetFile, NodeSpec } from "./spec";
import type { StorageDefinitions } from "./storage-definitions";
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
  /** Of a running guest: its processors stand still. */
  paused?: boolean;
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

export interface Task {
  upid: string;
  node: string;
  cluster: string;
  type: string;
  id: string;
  user: string;
  starttime: number;
  /** In ms; tasks of one second keep their order. */
  begunAt: number;
  /** When the work is done, in ms; a restarted simulator finishes it. */
  endsAt: number;
  /** Of a worker that does not have its lock yet: until when it tries, in ms. */
  waitsUntil?: number;
  durationMs: number;
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
  /** By storage id; those of a shared storage are one object for all nodes. */
  volumes: Record<string, StorageVolumes>;
  /** Of a node that reboots: when it is up again, in ms. */
  bootsAt?: number;
}

/** Who may do what in a cluster; the token "hybrid" of site@pve is made with it. */
export interface Account {
  cluster: string;
  token: string;
  /** Of the role that the token's user has on "/". */
  privileges: string[];
  password: string;
  users?: Record<string, User>;
  roles?: Record<string, string[]>;
  acl?: AccessEntry[];
}

export interface User {
  enable: boolean;
  /** In seconds; 0: never. */
  expire: number;
  comment?: string;
  email?: string;
  firstname?: string;
  lastname?: string;
  password?: string;
  tokens: Record<string, Token>;
}

export interface Token {
  value: string;
  /** Whether it has only what is granted to itself, of what its user has. */
  privsep: boolean;
  expire: number;
  comment?: string;
}

export interface AccessEntry {
  path: string;
  type: "user" | "token";
  ugid: string;
  roleid: string;
  propagate: boolean;
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
  description?: string;
  mdev?: 0 | 1;
  "live-migration-capable"?: 0 | 1;
  /** Property strings, one for a node's device. */
  map: string[];
}

/** A guest that the HA manager looks after. */
export interface Service {
  cluster: string;
  sid: string;
  vmid: number;
  state: "started" | "stopped" | "disabled" | "ignored";
  max_restart?: number;
  max_relocate?: number;
  failback?: 0 | 1;
  comment?: string;
  manager: {
    /** Undefined until the manager has seen it. */
    state?: string;
    /** The worker that does what the state says. */
    task?: string;
    failures: number;
    stopTimeout?: number;
    move?: { target: string; online: boolean };
  };
}

export interface Rule {
  cluster: string;
  rule: string;
  type: "node-affinity" | "resource-affinity";
  resources: string;
  nodes?: string;
  strict?: 0 | 1;
  affinity?: string;
  comment?: string;
  disable?: 0 | 1;
}

interface Kinds {
  nodes: Node;
  guests: Guest;
  tasks: Task;
  accounts: Account;
  internet: InternetFile;
  pools: Pool;
  mappings: Mapping;
  services: Service;
  rules: Rule;
  volumes: Volume;
  storages: StorageDefinitions;
}

const kinds = [
  "nodes",
  "guests",
  "tasks",
  "accounts",
  "internet",
  "pools",
  "mappings",
  "services",
  "rules",
  "volumes",
  "storages",
] as const satisfies (keyof Kinds)[];

/**
 * All that exists, kept in a journal that is written before the reply goes
 * out: a simulator that is killed starts again where it was.
 */
export class World {
  readonly nodes = new Map<string, Node>();
  readonly guests = new Map<string, Guest>();
  readonly tasks = new Map<string, Task>();
  readonly accounts = new Map<string, Account>();
  readonly internet = new Map<string, InternetFile>();
  readonly pools = new Map<string, Pool>();
  readonly mappings = new Map<string, Mapping>();
  readonly services = new Map<string, Service>();
  readonly rules = new Map<string, Rule>();
  readonly volumes = new Map<string, Volume>();
  readonly storages = new Map<string, StorageDefinitions>();
  /** Behind MAC addresses and UUIDs; undefined: they are random. */
  seed?: number;
  readonly #journal: Journal;

  constructor(readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#journal = new Journal(join(directory, "world.jsonl"), () =>
      kinds.flatMap((kind) =>
        [...this[kind]].map(([key, value]) => ({ kind, key, value })),
      ),
    );
    this.#journal.read(({ kind, key, value }) => {
      const all = this[kind as "guests"] as Map<string, unknown>;
      if (value === undefined) all.delete(key);
      else all.set(key, value);
    });
    placeVolumes(this);
  }

  guest(cluster: string, vmid: number): Guest | undefined {
    return this.guests.get(`${cluster}/${vmid}`);
  }

  save<K extends keyof Kinds>(kind: K, value: Kinds[K]): void {
    const key = keyOf(kind, value);
    (this[kind] as Map<string, Kinds[K]>).set(key, value);
    this.#journal.add({ kind, key, value });
  }

  remove<K extends keyof Kinds>(kind: K, value: Kinds[K]): void {
    const key = keyOf(kind, value);
    this[kind].delete(key);
    this.#journal.add({ kind, key });
  }

  /** Before a reply goes out, and when a task has ended. */
  flush(): void {
    this.#journal.flush();
  }

  /** Nothing that still runs writes any more. */
  close(): void {
    this.#journal.close();
  }
}

export function isBooting(world: World, node: string): boolean {
  return (world.nodes.get(node)?.bootsAt ?? 0) > Date.now();
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
    case "pools":
      return `${fields.cluster}/${fields.poolid}`;
    case "mappings":
      return `${fields.cluster}/${fields.kind}/${fields.id}`;
    case "services":
      return `${fields.cluster}/${fields.sid}`;
    case "volumes":
      return `${fields.home}/${fields.volid}`;
    case "rules":
      return `${fields.cluster}/${fields.rule}`;
    default:
      return `${fields.name}`;
  }
}

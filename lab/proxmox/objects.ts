import type { Network } from "./network";
import type { NodeSpec } from "./spec";
import type { StorageVolumes } from "./volumes";

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
  /** The host's PCI functions that it has since its start. */
  functions?: string[];
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
  /** When its last line is in its log, in ms; left out: at its end. */
  flushedAt?: number;
  log: string[];
}

export interface Node extends NodeSpec {
  cluster: string;
  network: Network;
  /** What the definitions of its storages stood on last, by storage id. */
  backings?: Record<string, string>;
  /** By storage id; those of a shared storage are one object for all nodes. */
  volumes: Record<string, StorageVolumes>;
  /** /etc/pve/nodes/NODE/config, without its digest. */
  config?: Config;
  /** Left out: Debian's own. */
  timezone?: string;
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

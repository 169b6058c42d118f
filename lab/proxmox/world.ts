import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Journal } from "./journal";
import type {
  Account,
  Guest,
  Mapping,
  Node,
  Pool,
  Rule,
  Service,
  Task,
  Volume,
} from "./objects";
import type { InternetFile, IscsiTarget, NfsExport, PciSpec } from "./spec";
import type { StorageDefinitions } from "./storage-definitions";
import { placeVolumes } from "./volumes";

export type * from "./objects";

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
  /** See ProxmoxOptions. */
  exportsTo?: (node: string, server: string) => readonly NfsExport[];
  logsIn?: (node: string, target: IscsiTarget) => boolean;
  functionsOf?: (node: string) => readonly PciSpec[];
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

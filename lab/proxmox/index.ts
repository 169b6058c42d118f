import { mkdirSync } from "node:fs";
import type { Server } from "node:https";
import { certificateFor } from "../certificates";
import { type Command, control } from "./control";
import { makeEffects } from "./effects";
import { Faults } from "./faults";
import { HaManager } from "./ha";
import { Logins, newAccount, tokenUser } from "./login";
import { migrateEffects } from "./migrate-effects";
import { initialNetwork, liveBridges } from "./network";
import { networkEffects } from "./network-routes";
import { bootEffects, NodeBoots } from "./node-boots";
import { powerEffects } from "./power-effects";
import { serve } from "./server";
import type { NodeSpec, ProxmoxOptions, ProxmoxSpec } from "./spec";
import { seedStorages } from "./storage-definitions";
import { Tasks } from "./tasks";
import { reserve } from "./volumes";
import { World } from "./world";

export type { Command, Summary } from "./control";
export type { Fault } from "./faults";
export { faultKinds } from "./faults";
export type {
  IscsiTarget,
  NfsExport,
  NodeSpec,
  PciSpec,
  ProxmoxOptions,
  ProxmoxSpec,
} from "./spec";

export interface ProxmoxLab {
  /** By node name. */
  endpoints: Record<string, { url: string; ca: string; fingerprint: string }>;
  tokens(): Record<string, string>;
  root: Record<string, { username: string; password: string }>;
  control(command: Command): unknown;
  close(): Promise<void>;
}

/** pve-ha-crm looks every 10 s; nobody waits that long here. */
const defaultHaMs = 1_000;

/** The same world without a server, for what is bent while nothing runs. */
export function openWorld(directory: string): (command: Command) => unknown {
  const world = new World(directory);
  const faults = new Faults(directory);
  return (command) => control({ world, faults }, command);
}

/** Starts a Proxmox VE on each node of the spec, over the world that is in the directory. */
export async function startProxmox(
  options: ProxmoxOptions,
): Promise<ProxmoxLab> {
  const { directory, spec, taskMs = 200 } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const world = new World(directory);
  world.seed = options.seed;
  world.exportsTo = options.exportsTo;
  world.logsIn = options.logsIn;
  world.functionsOf = options.functionsOf;
  seed(world, spec, options.privileges);
  const faults = new Faults(directory);
  const tasks: Tasks = new Tasks(world, faults, taskMs, {
    ...makeEffects(faults),
    ...powerEffects(faults, (request) => tasks.start(request)),
    ...bootEffects((request) => tasks.start(request)),
    ...migrateEffects(faults),
    ...networkEffects(faults),
  });
  const ha = new HaManager(world, tasks, faults, options.haMs ?? defaultHaMs);
  const boots = new NodeBoots(world, tasks);
  const logins = new Logins(world, faults);
  const context = { world, tasks, faults, ha, logins, options };
  const servers: Server[] = [];
  const endpoints: ProxmoxLab["endpoints"] = {};
  for (const { name, listen } of spec.clusters.flatMap(({ nodes }) => nodes)) {
    const node = world.nodes.get(name);
    if (node === undefined) continue;
    const certificate = await certificateFor(directory, name, listen.host);
    const server = serve(context, node, certificate);
    await listening(server, listen.host, listen.port);
    servers.push(server);
    const { port } = server.address() as { port: number };
    endpoints[name] = {
      url: `https://${listen.host}:${port}`,
      ca: certificate.ca,
      fingerprint: certificate.fingerprint,
    };
  }
  const names = [...world.nodes.values()];
  const accountOf = (cluster: string) =>
    world.accounts.get(cluster) ?? newAccount(cluster);
  return {
    endpoints,
    tokens: () =>
      Object.fromEntries(
        names.map(({ name, cluster }) => [
          name,
          `${tokenUser}=${accountOf(cluster).token}`,
        ]),
      ),
    root: Object.fromEntries(
      names.map(({ name, cluster }) => [
        name,
        { username: "root@pam", password: accountOf(cluster).password },
      ]),
    ),
    control: (command) => control({ world, faults, tasks, boots }, command),
    close: async () => {
      tasks.close();
      ha.close();
      boots.close();
      for (const server of servers) server.closeAllConnections();
      await Promise.all(
        servers.map(
          (server) => new Promise((resolve) => server.close(resolve)),
        ),
      );
      world.close();
    },
  };
}

/** What the spec has and the world lacks appears; what is there stays as it is. */
function seed(
  world: World,
  { clusters, internet, exports, targets }: ProxmoxSpec,
  privileges?: string[],
): void {
  for (const file of internet) {
    if (!world.internet.has(file.url.slice(-120))) world.save("internet", file);
  }
  for (const { name: cluster, nodes } of clusters) {
    if (!world.accounts.has(cluster))
      world.save("accounts", newAccount(cluster, privileges));
    const fresh = new Set<string>();
    for (const spec of nodes) {
      const known = world.nodes.get(spec.name);
      for (const { id } of spec.storages) {
        if (!known?.volumes[id]) fresh.add(`${spec.name}/${id}`);
      }
      const network = initialNetwork(spec, known);
      world.save("nodes", {
        ...spec,
        cluster,
        network,
        bridges: liveBridges(network),
        backings: known?.backings,
        volumes: known?.volumes ?? {},
        config: known?.config,
        timezone: known?.timezone,
        bootsAt: known?.bootsAt,
      });
    }
    seedStorages(world, cluster, { exports, targets });
    for (const spec of nodes) placeFiles(world, spec, fresh);
  }
}

/** What lies on a storage that is new from the start. */
function placeFiles(world: World, spec: NodeSpec, fresh: Set<string>): void {
  const node = world.nodes.get(spec.name);
  for (const { id, files = [] } of spec.storages) {
    if (!node?.volumes[id] || !fresh.has(`${spec.name}/${id}`)) continue;
    for (const { name: file, bytes } of files) {
      const volid = `${id}:${file}`;
      if (node.volumes[id]?.has(volid)) continue;
      const [content = ""] = file.split("/");
      const format = /\.(\w+)$/.exec(file)?.[1] ?? "raw";
      reserve(world, node, { volid, storage: id, content, bytes, format });
    }
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
}

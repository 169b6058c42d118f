import { mkdirSync } from "node:fs";
import type { Server } from "node:https";
import { certificateFor } from "./certificates";
import { type Command, control } from "./control";
import { makeEffects } from "./effects";
import { Faults } from "./faults";
import { Logins, newAccount, tokenUser } from "./login";
import { initialNetwork, liveBridges } from "./network";
import { networkEffects } from "./network-routes";
import { serve } from "./server";
import type { ProxmoxOptions, ProxmoxSpec } from "./spec";
import { seedStorages } from "./storage-definitions";
import { Tasks } from "./tasks";
import { World } from "./world";

export type { Command, Summary } from "./control";
export { faultKinds } from "./control";
export type { NodeSpec, ProxmoxOptions, ProxmoxSpec } from "./spec";

export interface ProxmoxLab {
  /** By node name. */
  endpoints: Record<string, { url: string; ca: string; fingerprint: string }>;
  tokens(): Record<string, string>;
  root: Record<string, { username: string; password: string }>;
  control(command: Command): unknown;
  close(): Promise<void>;
}

/** The same world without a server, for what is bent while nothing runs. */
export function openWorld(directory: string): (command: Command) => unknown {
  const world = new World(directory);
  const faults = new Faults(directory);
  return (command) => control(world, faults, command);
}

/** Starts a Proxmox VE on each node of the spec, over the world that is in the directory. */
export async function startProxmox(
  options: ProxmoxOptions,
): Promise<ProxmoxLab> {
  const { directory, spec, taskMs = 200 } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const world = new World(directory);
  seed(world, spec);
  const faults = new Faults(directory);
  const tasks = new Tasks(world, faults, taskMs, {
    ...makeEffects(faults),
    ...networkEffects(faults),
  });
  const context = { world, tasks, faults, logins: new Logins(world), options };
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
    control: (command) => control(world, faults, command),
    close: async () => {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(
        servers.map(
          (server) => new Promise((resolve) => server.close(resolve)),
        ),
      );
    },
  };
}

/** What the spec has and the world lacks appears; what is there stays as it is. */
function seed(
  world: World,
  { clusters, internet, exports, targets }: ProxmoxSpec,
): void {
  for (const file of internet) {
    if (!world.internet.has(file.url.slice(-120))) world.save("internet", file);
  }
  for (const { name: cluster, nodes } of clusters) {
    if (!world.accounts.has(cluster))
      world.save("accounts", newAccount(cluster));
    for (const spec of nodes) {
      const known = world.nodes.get(spec.name);
      const volumes = known?.volumes ?? {};
      for (const { id, files = [] } of spec.storages) {
        volumes[id] ??= files.map(({ name, bytes }) => ({
          volid: `${id}:${name}`,
          storage: id,
          content: name.split("/")[0] ?? "",
          bytes,
        }));
      }
      const network = initialNetwork(spec, known);
      const bridges = liveBridges(network);
      const { backings } = known ?? {};
      const kept = { volumes, network, bridges, backings };
      world.save("nodes", { ...spec, cluster, ...kept });
    }
    seedStorages(world, cluster, { exports, targets });
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
}

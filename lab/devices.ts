import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Site } from "../site";
import { findPlace } from "./addresses";
import type { HostLab } from "./host";
import { type HostAccess, hostAddresses, startHosts } from "./hosts";
import type { OpenwrtLab } from "./openwrt";
import { hash, proxmoxDirectory } from "./paths";
import { type ProxmoxLab, startProxmox } from "./proxmox";
import {
  type RouterAccess,
  routerAddress,
  routerHardware,
  startRouter,
} from "./router";
import { specOf } from "./world";

/** Where the devices answer and how to log in. */
export interface Access {
  endpoints: ProxmoxLab["endpoints"];
  tokens: Record<string, string>;
  router?: RouterAccess;
  hosts: Record<string, HostAccess>;
  /** Of every host. */
  ssh: { privateKey: string; keyFile: string };
  /** Of the hardware that is simulated. */
  hardware: string;
}

/** Everything that the site has and the lab simulates, while it is up. */
export interface Devices {
  proxmox: ProxmoxLab;
  /** Undefined when the site has none. */
  router: OpenwrtLab | undefined;
  /** Throws when it has none of that name. */
  host(name: string): HostLab;
  access(): Access;
  close(): Promise<void>;
}

export async function startDevices(site: Site): Promise<Devices> {
  const place = await findPlace((candidate) => [
    ...specOf(site, candidate).clusters.flatMap(({ nodes }) =>
      nodes.map(({ listen }) => listen),
    ),
    ...[routerAddress(site, candidate) ?? []].flat(),
    ...hostAddresses(site, candidate),
  ]);
  const hosts = await startHosts(site, place, recorder("ssh"));
  const proxmox = await startProxmox({
    directory: proxmoxDirectory,
    spec: specOf(site, place),
    latencyMs: Number(process.env.LAB_LATENCY_MS ?? 0),
    taskMs: durations(process.env.LAB_TASK_MS ?? "200"),
    haMs: Number(process.env.LAB_HA_MS ?? 1_000),
    record: recorder("proxmox"),
    exportsTo: hosts.exportsTo,
    logsIn: hosts.logsIn,
    functionsOf: hosts.functionsOf,
  });
  const router = await startRouter(site, place, recorder("openwrt"));
  return {
    proxmox,
    router: router?.lab,
    host(name) {
      const found = hosts.labs.get(name);
      if (found) return found;
      const names = [...hosts.labs.keys()].join(", ");
      throw new Error(
        `Unable to reach host "${name}": there is none, there are ${names}.`,
      );
    },
    access: () => ({
      endpoints: proxmox.endpoints,
      tokens: proxmox.tokens(),
      router: router?.access,
      hosts: hosts.access,
      ssh: { privateKey: hosts.privateKey, keyFile: hosts.keyFile },
      hardware: hardwareOf(site),
    }),
    close: async () => {
      await Promise.all([proxmox.close(), router?.lab.close(), hosts.close()]);
    },
  };
}

export function hardwareOf(site: Site): string {
  const router = routerHardware(site);
  // What a line is called is no hardware.
  const lines = router?.lines.map(({ name: _name, ...line }) => line);
  return hash(
    JSON.stringify([specOf(site, 0), { ...router, lines }, site.hardware]),
  );
}

/** "200,qmclone=2000": of all tasks, and of one type. */
function durations(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [type = "", ms] = part.split("=");
      return ms === undefined ? ["default", Number(type)] : [type, Number(ms)];
    }),
  );
}

/** Appends each request to LAB_RECORD/<system>.jsonl. */
function recorder(system: string) {
  const folder = process.env.LAB_RECORD;
  if (!folder) return undefined;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${system}.jsonl`);
  return (entry: object) => appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Site } from "../site";
import { type Address, addressAt } from "./addresses";
import { functionsIn } from "./cards";
import { diskSpecs } from "./disks";
import { factsOf } from "./facts";
import { type HostLab, type HostRecord, startHost } from "./host";
import { bootFacts } from "./host/facts";
import { makeKey } from "./host/key";
import { logIn } from "./host/lio";
import { bootStorage, servedPaths, storageTools } from "./host/storage-machine";
import { initiatorOf } from "./initiator";
import { hostsDirectory } from "./paths";
import type { IscsiTarget, NfsExport, PciSpec } from "./proxmox";

export interface HostAccess {
  address: string;
  port: number;
  hostKey: string;
  username: string;
  /** Passwords of those who log in at its shares. */
  smb: Record<string, string>;
}

export interface SiteHosts {
  labs: ReadonlyMap<string, HostLab>;
  access: Record<string, HostAccess>;
  /** Opens each of them; this lab's alone. */
  privateKey: string;
  /** Where it stands, for other clients. */
  keyFile: string;
  /** What a node of Proxmox VE gets from a server by its address now. */
  exportsTo(node: string, server: string): NfsExport[];
  /** Whether a node of Proxmox VE gets into a target with what its machine is set to; it stays logged in. */
  logsIn(node: string, target: IscsiTarget): boolean;
  /** What a node's machine has on its bus now. */
  functionsOf(node: string): PciSpec[];
  close(): Promise<void>;
}

/** Nothing fills a share here. */
const shareBytes = 2 ** 40;
const sshPort = 22;
/** Ports under 1024 are not for everybody. */
const unprivileged = 8_000;

export function hostAddresses(site: Site, place: number): Address[] {
  const port = process.getuid?.() === 0 ? sshPort : sshPort + unprivileged;
  // Elsewhere than on Linux by ports: behind those of Proxmox VE and the router.
  const behind = site.proxmox.hosts.length + 1;
  return site.hardware.hosts.map(({ addresses }, index) =>
    addressAt(place, addresses.management, behind + index, port),
  );
}

/** The site's machines, reached by SSH. */
export async function startHosts(
  site: Site,
  place: number,
  record: ((entry: HostRecord) => void) | undefined,
): Promise<SiteHosts> {
  mkdirSync(hostsDirectory, { recursive: true, mode: 0o700 });
  const key = loginKey();
  const listen = hostAddresses(site, place);
  const labs = new Map<string, HostLab>();
  const access: Record<string, HostAccess> = {};
  const passwords = sharePasswords(site);
  for (const [index, { name, addresses }] of site.hardware.hosts.entries()) {
    const lab = await startHost({
      directory: join(hostsDirectory, name),
      spec: {
        name,
        listen: listen[index] as Address,
        users: { root: { keys: [key.public] } },
        tools: storageTools,
        boot(world) {
          const disks = diskSpecs(site.hardware, name);
          bootFacts(world, factsOf(site, name, disks));
          bootStorage(world, disks, Object.values(addresses));
        },
      },
      record,
    });
    labs.set(name, lab);
    const smb = passwords[name] ?? {};
    access[name] = { ...lab.endpoint, username: "root", smb };
  }
  return {
    labs,
    access,
    privateKey: key.private,
    keyFile: keyFile(),
    exportsTo(node, server) {
      const [client, serving] = [clientOf(site, node), hostAt(site, server)];
      const network = Object.entries(serving?.addresses ?? {}).find(
        ([, address]) => address === server,
      )?.[0];
      const world = labs.get(serving?.name ?? "")?.world;
      const from = network && client?.addresses[network];
      if (!world || !from) return [];
      return servedPaths(world, from).map((path) => ({
        server,
        path,
        bytes: shareBytes,
      }));
    },
    logsIn(node, { portal, target }) {
      const address = portal.replace(/:\d+$/, "");
      const [client, serving] = [clientOf(site, node), hostAt(site, address)];
      const network = Object.entries(serving?.addresses ?? {}).find(
        ([, item]) => item === address,
      )?.[0];
      const [own, world] = [client, serving].map(
        (machine) => labs.get(machine?.name ?? "")?.world,
      );
      const from = network && client?.addresses[network];
      if (!own || !world || !from) return false;
      const asked = { target, portal, from, ...initiatorOf(own) };
      return Array.isArray(logIn(world, asked));
    },
    functionsOf(node) {
      const world = labs.get(clientOf(site, node)?.name ?? "")?.world;
      return world ? functionsIn(world) : [];
    },
    async close() {
      await Promise.all([...labs.values()].map((lab) => lab.close()));
    },
  };
}

function clientOf({ hardware, proxmox }: Site, name: string) {
  const entry = proxmox.hosts.find(({ host, node = host }) => node === name);
  return hardware.hosts.find((host) => host.name === entry?.host);
}

function hostAt({ hardware }: Site, address: string) {
  return hardware.hosts.find(({ addresses }) =>
    Object.values(addresses).includes(address),
  );
}

const keyFile = () => join(hostsDirectory, "id_ed25519");

/** Made once, for this lab only. */
function loginKey(): { private: string; public: string } {
  const file = keyFile();
  if (!existsSync(`${file}.pub`)) {
    const made = makeKey();
    writeFileSync(file, made.private, { mode: 0o600 });
    writeFileSync(`${file}.pub`, `${made.public}\n`);
  }
  const [secret, open] = [file, `${file}.pub`].map((path) =>
    readFileSync(path, "utf8").trim(),
  );
  return { private: `${secret}\n`, public: open ?? "" };
}

/** By host and account; made once, for this lab only. */
function sharePasswords(site: Site): Record<string, Record<string, string>> {
  const { accounts = [], pools = [] } = site.storage ?? {};
  const file = join(hostsDirectory, "share-passwords.json");
  const kept = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>)
    : {};
  for (const name of accounts)
    kept[name] ??= randomBytes(12).toString("base64url");
  if (accounts.length > 0)
    writeFileSync(file, JSON.stringify(kept), { mode: 0o600 });
  const own = accounts.map((name) => [name, kept[name] ?? ""]);
  const servers = accounts.length > 0 ? pools.map(({ host }) => host) : [];
  return Object.fromEntries(
    servers.map((host) => [host, Object.fromEntries(own)]),
  );
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { utils } from "ssh2";
import type { Site } from "../site";
import { type Address, addressAt } from "./addresses";
import { type HostLab, type HostRecord, startHost, type Tool } from "./host";
import { hostsDirectory } from "./paths";

export interface HostAccess {
  address: string;
  port: number;
  hostKey: string;
  username: string;
}

export interface SiteHosts {
  labs: ReadonlyMap<string, HostLab>;
  access: Record<string, HostAccess>;
  /** Opens each of them; this lab's alone. */
  privateKey: string;
  /** Where it stands, for other clients. */
  keyFile: string;
  close(): Promise<void>;
}

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
  tools: Readonly<Record<string, Tool>>,
  record: ((entry: HostRecord) => void) | undefined,
): Promise<SiteHosts> {
  mkdirSync(hostsDirectory, { recursive: true, mode: 0o700 });
  const key = loginKey();
  const listen = hostAddresses(site, place);
  const labs = new Map<string, HostLab>();
  const access: Record<string, HostAccess> = {};
  for (const [index, { name }] of site.hardware.hosts.entries()) {
    const lab = await startHost({
      directory: join(hostsDirectory, name),
      spec: {
        name,
        listen: listen[index] as Address,
        users: { root: { keys: [key.public] } },
        tools,
      },
      record,
    });
    labs.set(name, lab);
    access[name] = { ...lab.endpoint, username: "root" };
  }
  return {
    labs,
    access,
    privateKey: key.private,
    keyFile: keyFile(),
    async close() {
      await Promise.all([...labs.values()].map((lab) => lab.close()));
    },
  };
}

const keyFile = () => join(hostsDirectory, "id_ed25519");

/** Made once, for this lab only. */
function loginKey(): { private: string; public: string } {
  const file = keyFile();
  if (!existsSync(`${file}.pub`)) {
    const made = utils.generateKeyPairSync("ed25519");
    writeFileSync(file, made.private, { mode: 0o600 });
    writeFileSync(`${file}.pub`, `${made.public}\n`);
  }
  const [secret, open] = [file, `${file}.pub`].map((path) =>
    readFileSync(path, "utf8").trim(),
  );
  return { private: `${secret}\n`, public: open ?? "" };
}

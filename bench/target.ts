import { readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import {
  type Credential,
  type Endpoint,
  ProxmoxClient,
  type ProxmoxSession,
  path,
} from "../providers/proxmox/client";
import type { Place } from "./workload";

/** The Proxmox VE that the bench runs on. */
export interface Target {
  endpoint: Endpoint;
  credential: Credential;
}

export const host = "bench";
const connectTimeoutMs = 10_000;
const diskSlot = /^(scsi|virtio|sata)\d+$/;
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

export function clientOf(target: Target): ProxmoxClient {
  return new ProxmoxClient({ host, ...target });
}

/** How the environment says to reach `url`. */
export async function targetFromEnvironment(
  url: string,
  environment: NodeJS.ProcessEnv,
): Promise<Target> {
  return {
    endpoint: { url, ...(await trust(url, environment)) },
    credential: login(url, environment),
  };
}

function login(url: string, environment: NodeJS.ProcessEnv): Credential {
  const {
    PROXMOX_VE_API_TOKEN: token,
    PROXMOX_VE_USERNAME: username,
    PROXMOX_VE_PASSWORD: password,
  } = environment;
  if (token) return { token };
  if (username && password) return { username, password };
  throw new Error(
    `Unable to log in at endpoint "${url}": there are no credentials. Set PROXMOX_VE_API_TOKEN, or PROXMOX_VE_USERNAME and PROXMOX_VE_PASSWORD.`,
  );
}

async function trust(
  url: string,
  environment: NodeJS.ProcessEnv,
): Promise<Pick<Endpoint, "ca" | "fingerprints">> {
  const { PROXMOX_VE_CA_FILE: file, PROXMOX_VE_FINGERPRINT: fingerprint } =
    environment;
  if (file) return { ca: readFileSync(file, "utf8") };
  if (fingerprint) return { fingerprints: [fingerprint] };
  const { hostname, port } = new URL(url);
  if (!loopback.test(hostname)) {
    throw new Error(
      `Unable to trust endpoint "${url}": neither its CA nor its fingerprint is known. Set PROXMOX_VE_CA_FILE or PROXMOX_VE_FINGERPRINT (pvenode cert info).`,
    );
  }
  const presented = await presentedBy(hostname.replace(/[[\]]/g, ""), port);
  console.error(
    `Pinned for this run what ${url} presents: ${presented}. PROXMOX_VE_FINGERPRINT or PROXMOX_VE_CA_FILE verify it.`,
  );
  return { fingerprints: [presented] };
}

/** The fingerprint that is pinned; nothing is sent on this connection. */
function presentedBy(address: string, port: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({
      host: address,
      port: Number(port || 443),
      rejectUnauthorized: false,
      timeout: connectTimeoutMs,
    });
    const fail = (cause: string) => {
      socket.destroy();
      reject(
        new Error(
          `Unable to reach endpoint "https://${address}:${port}": ${cause}. Check that it is up.`,
        ),
      );
    };
    socket.once("error", ({ message }) => fail(message));
    socket.once("timeout", () => fail("it does not answer"));
    socket.once("secureConnect", () => {
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      resolve(fingerprint256);
    });
  });
}

/** The template, where it lies, and where its clones can go. */
export async function findPlace(
  session: ProxmoxSession,
  wanted: string | undefined,
): Promise<Place> {
  const templates = (await session.guests()).filter(
    ({ template, name }) => template && (wanted ?? name) === name,
  );
  const [found] = templates;
  const { node, vmid, name: template } = found ?? {};
  if (!node || !vmid || !template || templates.length > 1) {
    const names = templates.map((guest) => guest.name).join(", ");
    throw new Error(
      templates.length > 1
        ? `Unable to choose a template: there are ${names}. Name one with --template.`
        : `Unable to find template "${wanted ?? "any"}": there is none. Make one with a disk of 2 GiB.`,
    );
  }
  const config = await session.request<Record<string, unknown>>(
    "GET",
    path`/nodes/${node}/qemu/${vmid}/config`,
  );
  const slot = Object.keys(config)
    .sort()
    .find((key) => diskSlot.test(key) && !/media=cdrom/.test(`${config[key]}`));
  if (slot === undefined) {
    throw new Error(
      `Unable to use template "${template}": it has no disk. Give it one of 2 GiB.`,
    );
  }
  const bridges = await session.request<{ iface: string; type: string }[]>(
    "GET",
    path`/nodes/${node}/network`,
    { type: "bridge" },
  );
  const [bridge] = bridges
    .filter(({ type }) => type === "bridge")
    .map(({ iface }) => iface)
    .sort();
  if (bridge === undefined) {
    throw new Error(
      `Unable to use node "${node}": it has no bridge that these credentials may see. Grant Sys.Audit, or make one.`,
    );
  }
  const [storage = ""] = `${config[slot]}`.split(":");
  return { host, node, template, slot, storage, bridge };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, ProxmoxLab, ProxmoxOptions } from "../../lab/proxmox";
import { startProxmox } from "../../lab/proxmox";
import type { PciSpec } from "../../lab/proxmox/spec";
import {
  ProxmoxClient,
  type ProxmoxSession,
} from "../../providers/proxmox/client";
import { withCertificates } from "./certificates";
import type { Sent } from "./published-schema";

export const gibibyte = 2 ** 30;
export const imageUrl = "https://images.example/cloud.img";
export const imageSum = "a".repeat(64);

export interface TestLab {
  lab: ProxmoxLab;
  directory: string;
  /** Requests since the last call, "GET /version". */
  requests(): string[];
  /** The same, whole. */
  sent(): Sent[];
  control<T = unknown>(command: Command): T;
  /** With a node, "pve" unless said. */
  session(signal?: AbortSignal, node?: string): ProxmoxSession;
  configuration(key: string): string | undefined;
  stop(): Promise<void>;
}

const snippets = ["one", "two"].map((name) => ({
  name: `snippets/${name}.yaml`,
  bytes: 100,
}));
const slow = {
  id: "slow",
  type: "dir" as const,
  content: ["images"],
  totalBytes: 500 * gibibyte,
};
const pci: PciSpec[] = ["0000:01:00.0", "0000:02:00.0"].map((id, index) => ({
  id,
  class: "0x030000",
  vendor: "0x10de",
  device: "0x1eb8",
  iommuGroup: 20 + index,
}));
/** Two cards of one kind, one whose group holds another device, one without a group. */
const nic = (id: string, iommuGroup: number, kind = "0x020000") => ({
  id,
  class: kind,
  vendor: "0x8086",
  device: "0x1521",
  deviceName: "I350 Gigabit Network Connection",
  subsystemVendor: "0x8086",
  subsystemDevice: "0x0002",
  iommuGroup,
});
pci.push(
  nic("0000:03:00.0", 30),
  nic("0000:03:00.1", 31),
  nic("0000:04:00.0", 32),
  nic("0000:05:00.0", 40),
  { ...nic("0000:06:00.0", 40, "0x010700"), device: "0x00c9" },
  nic("0000:00:01.0", 40, "0x060400"),
  nic("0000:07:00.0", -1),
);
const usb = ["0407", "0408"].map((prodid, index) => ({
  busnum: 1,
  devnum: 2 + index,
  usbpath: `${1 + index}`,
  vendid: "1050",
  prodid,
}));

/** One stand-alone node "pve" and a cluster of "left" and "right", on free ports. */
export async function testLab(
  kept?: string,
  taskMs = 20,
  seed?: number,
  /** With what a guest can be given: snippets, another storage, cards. */
  equipped = false,
): Promise<TestLab> {
  const directory = kept ?? mkdtempSync(join(tmpdir(), "hybrid-site-test-"));
  const record: Sent[] = [];
  const noPools: Record<string, number> = {};
  const node = (name: string) => ({
    name,
    listen: { host: "127.0.0.1", port: 0 },
    cores: 8,
    memoryBytes: 64 * gibibyte,
    bridges: ["vmbr0"],
    pools: name === "right" ? noPools : { "tank/vm": 900 * gibibyte },
    volumeGroups: [{ name: "vg0", bytes: 90 * gibibyte, thinPools: ["thin"] }],
    mounts: ["/mnt/usb"],
    storages: [
      {
        id: "local",
        type: "dir" as const,
        content: ["iso", "import", "vztmpl", ...(equipped ? ["snippets"] : [])],
        totalBytes: 50 * gibibyte,
        files: [
          { name: "import/placed.raw", bytes: gibibyte },
          ...(equipped ? snippets : []),
        ],
      },
      {
        id: "fast",
        type: "zfspool" as const,
        content: ["images"],
        totalBytes: 500 * gibibyte,
      },
      ...(equipped ? [slow] : []),
    ],
    ...(equipped ? { pci, usb } : {}),
  });
  const options: ProxmoxOptions = {
    directory,
    taskMs,
    seed,
    authDelayMs: 10,
    spec: {
      clusters: [
        { name: "alone", nodes: [node("pve")] },
        { name: "pair", nodes: [node("left"), node("right")] },
      ],
      exports: [
        { server: "10.0.0.5", path: "/export/vm", bytes: 800 * gibibyte },
        { server: "10.0.0.5", path: "/export/iso", bytes: 80 * gibibyte },
      ],
      targets: [{ portal: "10.0.0.5", target: "iqn.2026-01.example:disks" }],
      internet: [{ url: imageUrl, sha256: imageSum, bytes: gibibyte }],
    },
    record: (entry) => record.push(entry as unknown as Sent),
  };
  const lab = await withCertificates(directory, () => startProxmox(options));
  const clients: ProxmoxClient[] = [];
  const names = Object.keys(lab.endpoints);
  const map = (make: (name: string) => unknown) =>
    JSON.stringify(
      Object.fromEntries(names.map((name) => [name, { proxmox: make(name) }])),
    );
  return {
    lab,
    directory,
    requests: () =>
      record.splice(0).map(({ method, path }) => `${method} ${path}`),
    sent: () => record.splice(0),
    control: <T>(command: Command) => lab.control(command) as T,
    session: (signal = AbortSignal.timeout(20_000), node = "pve") => {
      const { url, ca } = lab.endpoints[node] ?? { url: "", ca: "" };
      const client = new ProxmoxClient({
        host: node,
        endpoint: { url, ca },
        credential: { token: lab.tokens()[node] ?? "" },
      });
      clients.push(client);
      return client.session(signal);
    },
    configuration: (key) =>
      ({
        "hybrid-site:endpoints": map((name) => ({
          url: lab.endpoints[name]?.url,
          fingerprints: [lab.endpoints[name]?.fingerprint],
        })),
        "hybrid-site:credentials": map((name) => ({
          token: lab.tokens()[name],
        })),
      })[key],
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await lab.close();
      if (kept === undefined)
        rmSync(directory, { recursive: true, force: true });
    },
  };
}

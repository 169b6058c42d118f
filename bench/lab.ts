import { join } from "node:path";
import { type Command, type ProxmoxLab, startProxmox } from "../lab/proxmox";
import { path } from "../providers/proxmox/client";
import type { Options } from "./options";
import { clientOf, type Target } from "./target";

type Fault = Extract<Command, { do: "fault" }>["fault"];

const node = "pve";
const templateId = 100;
const gibibyte = 2 ** 30;
const timeoutMs = 60_000;

export interface BenchLab {
  target: Target;
  /** Requests since the start. */
  requests(): number;
  /** Faults since the start. */
  fired(): number;
  bend(fault: NonNullable<Options["fault"]>): void;
  mend(): void;
  close(): Promise<void>;
}

/** A Proxmox VE in this process, with one template. */
export async function startLab(
  directory: string,
  { vms, latency, task }: Options,
): Promise<BenchLab> {
  let requests = 0;
  const lab = await startProxmox({
    directory: join(directory, "proxmox"),
    latencyMs: latency,
    taskMs: task,
    spec: {
      clusters: [{ name: "bench", nodes: [hardware(vms)] }],
      internet: [],
    },
    record: () => {
      requests++;
    },
  });
  const { url = "", ca } = lab.endpoints[node] ?? {};
  const target = {
    endpoint: { url, ca },
    credential: { token: lab.tokens()[node] ?? "" },
  };
  await makeTemplate(target);
  let fired = 0;
  return {
    target,
    requests: () => requests,
    fired: () => fired + firedNow(lab),
    bend: ({ kind, rate, seed }) => {
      for (const fault of faultsOf[kind](rate, seed)) {
        lab.control({ do: "fault", fault });
      }
    },
    mend: () => {
      fired += firedNow(lab);
      lab.control({ do: "clear-faults" });
    },
    close: () => lab.close(),
  };
}

const faultsOf: Record<
  NonNullable<Options["fault"]>["kind"],
  (rate: number, seed: number) => Fault[]
> = {
  "596-before": (rate, seed) => [
    { kind: "error-before", status: 596, rate, seed },
  ],
  "596-lost": (rate, seed) => [
    { kind: "error-after", status: 596, rate, seed },
  ],
  "lock-timeout": (rate, seed) => [{ kind: "lock-timeout", rate, seed }],
  // Half of them each way, by random numbers of their own.
  reset: (rate, seed) => [
    { kind: "reset-before", rate: rate / 2, seed },
    { kind: "reset-after", rate: rate / 2, seed: seed + 1_000_000 },
  ],
};

function firedNow(lab: ProxmoxLab): number {
  const faults = lab.control({ do: "faults" }) as Fault[];
  return faults.reduce((sum, { fired = 0 }) => sum + fired, 0);
}

function hardware(vms: number) {
  return {
    name: node,
    listen: { host: "127.0.0.1", port: 0 },
    cores: 64,
    memoryBytes: 512 * gibibyte,
    bridges: ["vmbr0"],
    storages: [
      {
        id: "local",
        type: "dir" as const,
        content: ["import"],
        totalBytes: 100 * gibibyte,
        files: [{ name: "import/base.raw", bytes: 2 * gibibyte }],
      },
      {
        id: "fast",
        type: "zfspool" as const,
        content: ["images"],
        totalBytes: (vms + 10) * 50 * gibibyte,
      },
    ],
  };
}

async function makeTemplate(target: Target): Promise<void> {
  const client = clientOf(target);
  const session = client.session(AbortSignal.timeout(timeoutMs));
  const create = await session.request<string>(
    "POST",
    path`/nodes/${node}/qemu`,
    {
      vmid: templateId,
      name: "base",
      memory: 1024,
      ostype: "l26",
      scsihw: "virtio-scsi-single",
      scsi0: "fast:0,import-from=local:import/base.raw",
      ide2: "fast:cloudinit",
      net0: "virtio,bridge=vmbr0",
      serial0: "socket",
      boot: "order=scsi0",
    },
  );
  await session.task(create, "creation of the template");
  const convert = await session.request<string>(
    "POST",
    path`/nodes/${node}/qemu/${templateId}/template`,
  );
  await session.task(convert, "conversion to a template");
  await client.close();
}

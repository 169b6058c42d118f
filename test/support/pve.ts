import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Command,
  type NodeSpec,
  type ProxmoxLab,
  type ProxmoxOptions,
  startProxmox,
} from "../../lab/proxmox";
import { withCertificates } from "./certificates";

const gibibyte = 2 ** 30;

export interface Reply<T = unknown> {
  status: number;
  reason: string;
  headers: Record<string, unknown>;
  text: string;
  data: T;
  body: Record<string, unknown>;
  errors: Record<string, string>;
}

export type Parameters = Record<string, string | number | string[]>;

export interface Options {
  node?: string;
  token?: string;
  headers?: Record<string, string>;
  prefix?: string;
}

export interface TaskEnd {
  status: string;
  exitstatus: string;
  user: string;
}

export interface Pve {
  lab: ProxmoxLab;
  directory: string;
  send<T = unknown>(
    method: string,
    path: string,
    params?: Parameters,
    options?: Options,
  ): Promise<Reply<T>>;
  /** What came of the task that the request started. */
  run(
    method: string,
    path: string,
    params?: Parameters,
    options?: Options,
  ): Promise<string>;
  /** The exit status of a task. */
  end(upid: string): Promise<string>;
  /** Until it holds, for a few seconds. */
  until(holds: () => Promise<boolean>): Promise<void>;
  control<T = unknown>(command: Command): T;
  stop(keep?: boolean): Promise<void>;
}

const card = {
  class: "0x020000",
  vendor: "0x8086",
  device: "0x1521",
  vendorName: "Intel Corporation",
  deviceName: "I350 Gigabit Network Connection",
  subsystemVendor: "0x8086",
  subsystemDevice: "0x0002",
};

export function nodeSpec(name: string, more: Partial<NodeSpec> = {}): NodeSpec {
  return {
    name,
    listen: { host: "127.0.0.1", port: 0 },
    cores: 8,
    memoryBytes: 64 * gibibyte,
    bridges: ["vmbr0"],
    storages: [
      {
        id: "fast",
        type: "zfspool",
        content: ["images"],
        totalBytes: 500 * gibibyte,
      },
      {
        id: "shared",
        type: "nfs",
        content: ["images", "iso"],
        totalBytes: 900 * gibibyte,
      },
    ],
    ...more,
  };
}

/** A cluster of "alpha", with cards and a storage of its own, and "beta"; and "solo". */
export async function startPve(
  options: Partial<ProxmoxOptions> = {},
): Promise<Pve> {
  const directory =
    options.directory ?? mkdtempSync(join(tmpdir(), "hybrid-site-pve-"));
  const alpha = nodeSpec("alpha", {
    bridges: ["vmbr0", "vmbr1"],
    pci: [
      { ...card, id: "0000:01:00.0", iommuGroup: 14 },
      { ...card, id: "0000:01:00.1", iommuGroup: 15 },
      {
        id: "0000:08:00.0",
        class: "0x020000",
        vendor: "0x8086",
        device: "0x1521",
        iommuGroup: -1,
      },
      {
        id: "0000:00:01.0",
        class: "0x060400",
        vendor: "0x8086",
        device: "0x1901",
        iommuGroup: 1,
      },
    ],
    usb: [
      {
        busnum: 1,
        devnum: 3,
        usbpath: "2.1",
        vendid: "1050",
        prodid: "0407",
        product: "YubiKey",
      },
    ],
  });
  alpha.storages.push({
    id: "scratch",
    type: "lvmthin",
    content: ["images"],
    totalBytes: 100 * gibibyte,
  });
  const all: ProxmoxOptions = {
    taskMs: 10,
    haMs: 20,
    authDelayMs: 10,
    privileges: ["Mapping.Audit", "Mapping.Modify", "Pool.Audit"],
    directory,
    spec: {
      clusters: [
        { name: "pair", nodes: [alpha, nodeSpec("beta")] },
        { name: "solo", nodes: [nodeSpec("solo")] },
      ],
      internet: [],
    },
    ...options,
  };
  const lab = await withCertificates(directory, () => startProxmox(all));
  const agents = new Map<string, Agent>();
  const send: Pve["send"] = (method, path, params = {}, settings = {}) =>
    call(lab, agents, method, path, params, settings);
  const until: Pve["until"] = async (holds) => {
    const end = Date.now() + 8_000;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error("it does not come to hold");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const end: Pve["end"] = async (upid) => {
    const node = upid.split(":")[1] ?? "";
    let last: TaskEnd | undefined;
    await until(async () => {
      const { data } = await send<TaskEnd>(
        "GET",
        `/nodes/${node}/tasks/${upid}/status`,
        {},
        { node },
      );
      last = data;
      return data.status === "stopped";
    });
    return last?.exitstatus ?? "";
  };
  return {
    lab,
    directory,
    send,
    end,
    until,
    run: async (method, path, params, settings) => {
      const reply = await send<string>(method, path, params, settings);
      if (reply.status !== 200) throw new Error(reply.reason);
      return end(reply.data);
    },
    control: <T>(command: Command) => lab.control(command) as T,
    stop: async (keep = false) => {
      for (const agent of agents.values()) agent.destroy();
      await lab.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}

function form(params: Parameters): string {
  return Object.entries(params)
    .flatMap(([key, value]) =>
      [value]
        .flat()
        .map((item) => `${key}=${encodeURIComponent(String(item))}`),
    )
    .join("&");
}

function call<T>(
  lab: ProxmoxLab,
  agents: Map<string, Agent>,
  method: string,
  path: string,
  params: Parameters,
  { node = "alpha", token, headers = {}, prefix = "/api2/json" }: Options,
): Promise<Reply<T>> {
  const { url = "", ca = "" } = lab.endpoints[node] ?? {};
  const agent = agents.get(node) ?? new Agent({ keepAlive: true, ca });
  agents.set(node, agent);
  const text = form(params);
  const inQuery = method === "GET" || method === "DELETE";
  const target = `${prefix}${path}${inQuery && text ? `?${text}` : ""}`;
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(target, url),
      {
        method,
        agent,
        headers: {
          authorization: `PVEAPIToken=${token ?? lab.tokens()[node] ?? ""}`,
          ...(inQuery
            ? {}
            : {
                "content-type": "application/x-www-form-urlencoded",
                "content-length": String(Buffer.byteLength(text)),
              }),
          ...headers,
        },
      },
      (reply) => {
        let received = "";
        reply.on("error", reject);
        reply.on("aborted", () => reject(new Error("aborted")));
        reply.on("data", (data) => {
          received += data;
        });
        reply.on("end", () => {
          const body = received
            ? (JSON.parse(received) as Record<string, unknown>)
            : {};
          resolve({
            status: reply.statusCode ?? 0,
            reason: reply.statusMessage ?? "",
            headers: reply.headers,
            text: received,
            data: body.data as T,
            body,
            errors: (body.errors ?? {}) as Record<string, string>,
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(inQuery ? undefined : text);
  });
}

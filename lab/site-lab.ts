import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Site } from "../site";
import { labDirectory, proxmoxDirectory, socketPath } from "./paths";
import {
  type Command,
  openWorld,
  type ProxmoxLab,
  startProxmox,
} from "./proxmox";
import { specOf } from "./world";

export interface Access {
  endpoints: ProxmoxLab["endpoints"];
  tokens: Record<string, string>;
}

export interface SiteLab {
  access(): Promise<Access>;
  control(command: Command): Promise<unknown>;
  /** Whether another runner holds it. */
  attached: boolean;
  close(): Promise<void>;
}

/** The lab: started, or attached to where another runner has it up. */
export async function openLab(site: Site): Promise<SiteLab> {
  mkdirSync(labDirectory, { recursive: true, mode: 0o700 });
  return (await attach()) ?? start(site);
}

/** Bends the world whether it runs or not. */
export async function bend(command: Command): Promise<unknown> {
  const running = await attach();
  if (running === undefined) return openWorld(proxmoxDirectory)(command);
  try {
    return await running.control(command);
  } finally {
    await running.close();
  }
}

async function start(site: Site): Promise<SiteLab> {
  const proxmox = await startProxmox({
    directory: proxmoxDirectory,
    spec: specOf(site),
    latencyMs: Number(process.env.LAB_LATENCY_MS ?? 0),
    taskMs: Number(process.env.LAB_TASK_MS ?? 200),
    record: recorder("proxmox"),
  });
  const access = () =>
    Promise.resolve({ endpoints: proxmox.endpoints, tokens: proxmox.tokens() });
  const guests = new Set<Socket>();
  const server = createServer((socket) => {
    guests.add(socket);
    socket
      .on("error", () => undefined)
      .on("close", () => guests.delete(socket));
    createInterface({ input: socket }).on("line", async (line) => {
      const reply = await answer(
        JSON.parse(line) as Command | "access",
        access,
        proxmox,
      );
      socket.write(`${JSON.stringify(reply)}\n`);
    });
  });
  await listen(server);
  return {
    access,
    attached: false,
    control: async (command) => proxmox.control(command),
    close: async () => {
      // Runners that have attached go on until they are done.
      await new Promise((resolve) => server.close(resolve));
      await proxmox.close();
    },
  };
}

async function answer(
  request: Command | "access",
  access: () => Promise<Access>,
  proxmox: ProxmoxLab,
): Promise<{ value?: unknown; error?: string }> {
  try {
    const value =
      request === "access" ? await access() : proxmox.control(request);
    return { value };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Undefined when no runner has the lab up. */
function attach(): Promise<SiteLab | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const waiting: ((line: string) => void)[] = [];
    socket.once("error", () => resolve(undefined));
    socket.once("connect", () => {
      createInterface({ input: socket }).on("line", (line) =>
        waiting.shift()?.(line),
      );
      const ask = (request: Command | "access") =>
        new Promise<unknown>((done, fail) => {
          waiting.push((line) => {
            const { value, error } = JSON.parse(line) as {
              value?: unknown;
              error?: string;
            };
            if (error === undefined) done(value);
            else fail(new Error(error));
          });
          socket.write(`${JSON.stringify(request)}\n`);
        });
      resolve({
        access: () => ask("access") as Promise<Access>,
        attached: true,
        control: ask,
        close: async () => {
          socket.end();
        },
      });
    });
  });
}

async function listen(server: Server): Promise<void> {
  // Nobody answered there: what is left is a dead runner's.
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
}

/** Appends each request to LAB_RECORD/<system>.jsonl. */
function recorder(system: string) {
  const folder = process.env.LAB_RECORD;
  if (!folder) return undefined;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${system}.jsonl`);
  return (entry: Record<string, unknown>) =>
    appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Site } from "../site";
import { type Access, type Devices, hardwareOf, startDevices } from "./devices";
import type { HostCommand } from "./host";
import { type NamedLine, type OpenwrtCommand, openRouter } from "./openwrt";
import {
  labDirectory,
  openwrtDirectory,
  proxmoxDirectory,
  socketPath,
} from "./paths";
import { type Command, openWorld } from "./proxmox";
import { livingEngine, recover } from "./recover";

const { withLock } = require("../engine/lock.cjs") as {
  withLock<T>(file: string, what: string, work: () => Promise<T>): Promise<T>;
};

const startLock = "start.lock";

/** What counts for a lab when it starts only. */
const settings = ["LAB_RECORD", "LAB_LATENCY_MS", "LAB_TASK_MS", "LAB_HA_MS"];

export type { Access } from "./devices";

export interface SiteLab {
  access(): Promise<Access>;
  control(command: Command): Promise<unknown>;
  controlRouter(command: OpenwrtCommand): Promise<unknown>;
  controlHost(host: string, command: HostCommand): Promise<unknown>;
  /** Whether another runner holds it. */
  attached: boolean;
  close(): Promise<void>;
}

/** The lab: started, or attached to where another runner has it up. */
export async function openLab(site: Site): Promise<SiteLab> {
  const lab = await oneAtATime(async () => (await attach()) ?? start(site));
  if (!lab.attached) return lab;
  if ((await lab.access()).hardware !== hardwareOf(site)) {
    await lab.close();
    throw new Error(
      "Unable to use the lab that is up: the manifest's hosts, storages or images have changed since it started. End it and run this again.",
    );
  }
  const unheard = settings.filter((name) => process.env[name]);
  if (unheard.length > 0) {
    console.error(
      `The lab is up already, without this ${unheard.join(", ")}: it counts when a lab starts.`,
    );
  }
  return lab;
}

/** Forgets the world, and the state of the stack with it. */
export function forget(): Promise<void> {
  return oneAtATime(async () => {
    const running = await attach();
    await running?.close();
    if (running) {
      throw new Error(
        "Unable to reset the lab: another run has it up. End that one first.",
      );
    }
    const pid = livingEngine();
    if (pid !== undefined) {
      throw new Error(
        `Unable to reset the lab: an earlier run's engine (process ${pid}) is still at work. Wait for its end, or end it first.`,
      );
    }
    rmSync(labDirectory, { recursive: true, force: true });
  });
}

/** Two that start at once would both find no lab up and no stack, and make one each. */
export function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync(labDirectory, { recursive: true, mode: 0o700 });
  return withLock(join(labDirectory, startLock), "start of the lab", work);
}

/** A command that needs the stack for itself, after what an earlier one has left. */
export function alone<T>(work: () => Promise<T>): Promise<T> {
  return withLock(join(labDirectory, "run.lock"), "run", async () => {
    await recover(true);
    return work();
  });
}

/** Bends the world whether it runs or not. */
export function bend(command: Command): Promise<unknown> {
  return bent(
    (running) => running.control(command),
    () => {
      forgetOldWorld();
      return openWorld(proxmoxDirectory)(command);
    },
  );
}

export function bendRouter(
  command: OpenwrtCommand,
  /** Asked for while the router has never been up. */
  lines?: () => NamedLine[],
): Promise<unknown> {
  return bent(
    (running) => running.controlRouter(command),
    () => openRouter(openwrtDirectory, lines)(command),
  );
}

/** What a machine's tools know is in the process that has it up. */
export async function bendHost(
  host: string,
  command: HostCommand,
  /** Asked for while no lab is up: one that is knows its own. */
  site: () => Site,
): Promise<unknown> {
  const lab = (await oneAtATime(attach)) ?? (await openLab(site()));
  try {
    return await lab.controlHost(host, command);
  } finally {
    await lab.close();
  }
}

function bent(
  whileUp: (running: SiteLab) => Promise<unknown>,
  otherwise: () => unknown,
): Promise<unknown> {
  return oneAtATime(async () => {
    const running = await attach();
    if (running === undefined) return otherwise();
    try {
      return await whileUp(running);
    } finally {
      await running.close();
    }
  });
}

/**
 * Before the journal the world was a file for each object, which nothing reads
 * any more; the stack's state is of guests in that world.
 */
function forgetOldWorld(): void {
  const has = (name: string) => existsSync(join(proxmoxDirectory, name));
  if (!has("nodes") || has("world.jsonl")) return;
  console.error(
    "The lab's world is of an earlier version: it and the stack's state are forgotten, as by reset.",
  );
  for (const name of readdirSync(labDirectory)) {
    if (name.startsWith(startLock)) continue;
    rmSync(join(labDirectory, name), { recursive: true, force: true });
  }
}

async function start(site: Site): Promise<SiteLab> {
  forgetOldWorld();
  const devices = await startDevices(site);
  const guests = new Set<Socket>();
  const server = createServer((socket) => {
    guests.add(socket);
    socket
      .on("error", () => undefined)
      .on("close", () => guests.delete(socket));
    createInterface({ input: socket }).on("line", async (line) => {
      const reply = await answer(JSON.parse(line) as Question, devices);
      socket.write(`${JSON.stringify(reply)}\n`);
    });
  });
  await listen(server);
  return {
    access: async () => devices.access(),
    attached: false,
    control: async (command) => devices.proxmox.control(command),
    controlRouter: async (command) => controlRouter(devices, command),
    controlHost: async (host, command) => devices.host(host).control(command),
    close: async () => {
      if (guests.size > 0) {
        console.error("Another run still uses the lab: it ends with that one.");
      }
      await new Promise((resolve) => server.close(resolve));
      await devices.close();
    },
  };
}

/** What a run asks the one that has the lab up. */
type Question =
  | "access"
  | Command
  | { router: OpenwrtCommand }
  | { host: string; of: HostCommand };

async function answer(
  request: Question,
  devices: Devices,
): Promise<{ value?: unknown; error?: string }> {
  try {
    if (request === "access") return { value: devices.access() };
    if ("of" in request)
      return { value: await devices.host(request.host).control(request.of) };
    return "router" in request
      ? { value: controlRouter(devices, request.router) }
      : { value: devices.proxmox.control(request) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function controlRouter({ router }: Devices, command: OpenwrtCommand): unknown {
  if (router) return router.control(command);
  // What is asked of all devices is asked of none then.
  if (command.do === "faults" || command.do === "clear-faults") return [];
  throw new Error("Unable to reach the router: the site has none.");
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
      const ask = (request: Question) =>
        new Promise<unknown>((done, fail) => {
          socket.once("close", () =>
            fail(new Error("The run that had the lab up has ended.")),
          );
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
        controlRouter: (router) => ask({ router }),
        controlHost: (host, of) => ask({ host, of }),
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

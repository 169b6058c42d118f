import {
  type Answer,
  type Call,
  codes,
  UbusRefusal,
  type UbusSession,
} from "../client";
import { configs, sectionsOf } from "../uci/section";
import type { Found } from "./plan";

export interface InterfaceState {
  interface: string;
  up: boolean;
  "ipv4-address"?: { address: string }[];
  errors?: { subsystem?: string; code?: string; data?: unknown }[];
}

export interface LineState {
  status: string;
  turn?: number;
  track_ip?: { ip: string; status: string }[];
}

/** What runs, as netifd and mwan3 say. */
export interface Running {
  interfaces: ReadonlyMap<string, InterfaceState>;
  lines: ReadonlyMap<string, LineState>;
}

const files = [...configs, "system"] as const;

const gets: Call[] = files.map((config) => ({
  object: "uci",
  method: "get",
  args: { config },
}));
const running: Call[] = [
  { object: "network.interface", method: "dump" },
  // Not there while it restarts, nor where it is not installed.
  {
    object: "mwan3",
    method: "status",
    args: { section: "interfaces" },
    optional: true,
  },
];

/** The files, with what is staged in the session. */
export async function readFiles(
  session: UbusSession,
  signal: AbortSignal,
): Promise<Found> {
  return foundIn(await session.look(gets, signal));
}

export interface Observation {
  found: Found;
  running: Running;
  /** Files with something staged in this session. */
  staged: string[];
  macs: Map<string, string>;
}

/** Everything that a change needs to know, in one request. */
export async function observe(
  session: UbusSession,
  devices: readonly string[],
  signal: AbortSignal,
): Promise<Observation> {
  const status = devices.map((name) => ({
    object: "network.device",
    method: "status",
    args: { name },
  }));
  const changes = { object: "uci", method: "changes" };
  const answers = await session.look(
    [changes, ...gets, ...running, ...status],
    signal,
  );
  const [staged] = answers;
  const rest = answers.slice(1 + gets.length);
  return {
    staged: Object.entries(
      (staged?.data.changes ?? {}) as Record<string, unknown[]>,
    )
      .filter(([, list]) => list.length > 0)
      .map(([config]) => config),
    found: foundIn(answers.slice(1)),
    running: runningIn(rest),
    macs: new Map(
      devices.map((name, index) => [
        name,
        String(rest[running.length + index]?.data.macaddr ?? ""),
      ]),
    ),
  };
}

/** By a new connection, once: an answer proves the path. */
export async function readRunning(
  session: UbusSession,
  signal: AbortSignal,
): Promise<Running> {
  return runningIn(await session.send(running, signal, true));
}

function foundIn(answers: readonly Answer[]): Found {
  return Object.fromEntries(
    files.map((config, index) => [config, fileIn(config, answers[index])]),
  ) as Found;
}

function fileIn(config: string, answer: Answer | undefined) {
  const { code = 0, data } = answer ?? {};
  if (code === codes.permissionDenied) {
    throw new UbusRefusal(
      `uci get ${config}`,
      code,
      "the account may not read it",
      `Add "${config}" to the uci scope of the account's ACL file, for reading and writing, and restart rpcd`,
    );
  }
  if (code !== codes.ok) {
    throw new UbusRefusal(
      `uci get ${config}`,
      code,
      `the router has no /etc/config/${config}`,
      config === "mwan3"
        ? "Install mwan3"
        : "Make it on the router (touch), because rpcd cannot",
    );
  }
  return sectionsOf((data?.values ?? {}) as Parameters<typeof sectionsOf>[0]);
}

function runningIn([dump, lines]: readonly Answer[]): Running {
  const interfaces = (dump?.data.interface ?? []) as InterfaceState[];
  return {
    interfaces: new Map(interfaces.map((item) => [item.interface, item])),
    lines: new Map(
      Object.entries(
        (lines?.data.interfaces ?? {}) as Record<string, LineState>,
      ),
    ),
  };
}

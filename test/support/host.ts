import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type HostFault,
  type HostLab,
  type HostSpec,
  type HostWorld,
  startHost,
} from "../../lab/host";
import { makeKey } from "../../lab/host/key";
import { Configuration } from "../../providers/dynamic/configuration";
import type { Operation } from "../../providers/dynamic/kind";
import type { Machine } from "../../providers/host/client";
import { connect, disconnect } from "../../providers/host/connection";

const key = makeKey();
/** A key that no machine knows. */
export const strangersKey = makeKey().private;
export const loginKey = key;

export interface TestHost {
  lab: HostLab;
  world: HostWorld;
  /** Connected as root, or as "ops" with sudo. */
  machine: Machine;
  /** Of the stack, for `configured(provider, configuration)`. */
  configuration: (key: string) => string | undefined;
  /** The command lines since the last call. */
  commands(): string[];
  fault(fault: HostFault): void;
  /** Undefined: not there. */
  stop(keep?: boolean): Promise<void>;
  directory: string;
}

export interface TestHostOptions {
  /** "root" if left out. */
  login?: "root" | "ops";
  directory?: string;
  spec?: Partial<HostSpec>;
}

/** A simulated machine called "storage", reached as the stack would reach it. */
export async function testHost({
  login = "root",
  directory = mkdtempSync(join(tmpdir(), "hybrid-site-test-")),
  spec = {},
}: TestHostOptions = {}): Promise<TestHost> {
  const records: string[] = [];
  const lab = await startHost({
    directory,
    spec: {
      name: "storage",
      listen: { host: "127.0.0.1", port: 0 },
      users: {
        root: { keys: [key.public] },
        ops: { keys: [key.public], sudo: true },
        guest: { keys: [key.public] },
      },
      ...spec,
    },
    record: ({ command }) => records.push(command),
  });
  const { address, port, hostKey } = lab.endpoint;
  const configuration = (name: string) =>
    ({
      "hybrid-site:endpoints": JSON.stringify({
        storage: { ssh: { address, port, hostKeys: [hostKey] } },
      }),
      "hybrid-site:credentials": JSON.stringify({
        storage: { ssh: { username: login, privateKey: key.private } },
      }),
    })[name];
  const machine = connect(operationOf(configuration), "storage");
  return {
    lab,
    world: lab.world,
    machine,
    configuration,
    commands: () => records.splice(0),
    fault: (fault) => lab.faults.add(fault),
    directory,
    async stop(keep = false) {
      await disconnect();
      await lab.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function operationOf(
  configuration: (key: string) => string | undefined,
  signal = new AbortController().signal,
): Operation {
  return {
    signal,
    configuration: new Configuration(configuration),
    beforeWrite: () => Promise.resolve(),
    tell: () => undefined,
    exists: () => undefined,
  };
}

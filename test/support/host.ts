import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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

/**
 * What docs/host-access.md has put on a host for the account "ops", with a
 * site's own programs added as it says.
 */
export function shippedSudoers(...own: string[]): string {
  const file = join(__dirname, "../../docs/host-access.sudoers");
  const text = readFileSync(file, "utf8").replaceAll("hybrid-site ", "ops ");
  return `${text}\n${own.map((path) => `ops ALL=(root) NOPASSWD: ${path}`).join("\n")}\n`;
}

export interface TestHostOptions {
  /** "root" if left out; "ops" may run what the shipped sudoers file says. */
  login?: "root" | "ops";
  /** Of "ops"; true: anything. */
  sudo?: true | string;
  directory?: string;
  spec?: Partial<HostSpec>;
}

/** A simulated machine called "storage", reached as the stack would reach it. */
export async function testHost({
  login = "root",
  sudo = shippedSudoers(),
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
        ops: { keys: [key.public], sudo },
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

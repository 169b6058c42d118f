import { readFileSync } from "node:fs";
import type { QatFault } from "../../lab/host/qat";
import { provider as qatDevice } from "../../providers/qat/qat-device/lifecycle";
import { testHost } from "./host";
import { bootMachine, machineTools, type QatMachine, runAt } from "./qat";
import { type ResourceHost, resourceHost } from "./resource-host";

type Values = Record<string, unknown>;

export interface QatHost extends ResourceHost {
  run(line: string, stdin?: string): Promise<string>;
  bend(fault: QatFault, endpoint?: string): Promise<unknown>;
  /** Undefined: not there. */
  text(path: string): string | undefined;
}

export const qatInputs = (changes: Values = {}): Values => ({
  owner: "site/QatDevice/qat",
  host: "storage",
  name: "qat",
  stack: "in-tree",
  ...changes,
});

export const outOfTree = (changes: Values = {}): Values =>
  qatInputs({
    stack: "out-of-tree",
    services: ["cy"],
    instances: { user: { crypto: 1, processes: 4 } },
    ...changes,
  });

export const passthrough = (changes: Values = {}): Values =>
  qatInputs({ stack: "passthrough", disableDenylist: true, ...changes });

/** A machine of the lab with the adapter, and a device of it. */
export async function qatHost(machine: QatMachine = {}): Promise<QatHost> {
  const host = await testHost({
    login: "ops",
    spec: {
      tools: machineTools,
      boot: (world) => bootMachine(world, machine),
    },
  });
  return {
    ...resourceHost(host, qatDevice),
    async run(line, stdin) {
      const { code, stdout, stderr } = await runAt(host.world, line, stdin);
      if (code !== 0) throw new Error(`${line}: ${code} ${stderr}`);
      return stdout;
    },
    bend: (fault, endpoint) => host.lab.control({ do: "qat", fault, endpoint }),
    text(path) {
      try {
        return readFileSync(host.world.path(path), "utf8");
      } catch {
        return undefined;
      }
    },
  };
}

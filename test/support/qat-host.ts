import { readFileSync } from "node:fs";
import type { QatFault } from "../../lab/host/qat";
import { EngineWatch } from "../../providers/dynamic/engine";
import { provider as qatDevice } from "../../providers/qat/qat-device/lifecycle";
import { type TestHost, testHost } from "./host";
import { configured, type Provider } from "./provider";
import { bootMachine, machineTools, type QatMachine, runAt } from "./qat";

type Values = Record<string, unknown>;

export interface QatHost extends TestHost {
  provider: Provider;
  create(inputs: Values): Promise<{ id: string; props: Values }>;
  /** What a refresh finds, and whether the next preview shows a change. */
  look(
    id: string,
    props: Values,
    inputs: Values,
  ): Promise<{ found: Values; changes: boolean | undefined }>;
  run(line: string, stdin?: string): Promise<string>;
  bend(fault: QatFault, endpoint?: string): Promise<unknown>;
  /** Undefined: not there. */
  text(path: string): string | undefined;
  /** What was told since the last call. */
  told(): string;
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
  const lines: string[] = [];
  const log = jest
    .spyOn(process.stdout, "write")
    .mockImplementation((line) => lines.push(String(line)) > 0);
  const provider = configured(
    qatDevice(new EngineWatch(undefined)),
    host.configuration,
  );
  return {
    ...host,
    provider,
    async create(inputs) {
      const { id, outs } = await provider.create(inputs);
      return { id, props: outs ?? {} };
    },
    async look(id, props, inputs) {
      const { props: found = {} } = await provider.read(id, props);
      const { changes } = await provider.diff(id, found, inputs);
      return { found, changes };
    },
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
    told: () => lines.splice(0).join(""),
    async stop() {
      log.mockRestore();
      await host.stop();
    },
  };
}

import { PassThrough } from "node:stream";
import type { dynamic } from "@pulumi/pulumi";
import type { Tool } from "../../lab/host";
import {
  bootDisks,
  type DiskSpec,
  tools as diskTools,
  installDisks,
  multipathTools,
} from "../../lab/host/disks";
import { tools as nfsTools } from "../../lab/host/nfs";
import { bootZfs, tools as zfsTools } from "../../lab/host/zfs";
import { EngineWatch } from "../../providers/dynamic/engine";
import { type TestHost, testHost } from "./host";
import { configured, type Provider } from "./provider";
import { fourDisks } from "./zfs-machine";

type Values = Record<string, unknown>;

const tools: Record<string, Tool> = {
  ...diskTools,
  ...multipathTools,
  ...zfsTools,
  ...nfsTools,
};

export interface StorageHost extends TestHost {
  provider: Provider;
  /** A tool's standard output, past the wire, which costs a process each time. */
  run(line: string): Promise<string>;
  /** What was told since the last call. */
  told(): string;
  create(inputs: Values): Promise<{ id: string; props: Values }>;
  /** What a refresh finds, and whether the next preview shows a change. */
  look(
    id: string,
    props: Values,
    inputs: Values,
  ): Promise<{ found: Values; changes: boolean | undefined }>;
}

/** A machine with disks, ZFS and NFS, and one kind of resource on it. */
export async function storageHost(
  provide: (engine: EngineWatch) => dynamic.ResourceProvider,
  disks: readonly DiskSpec[] = fourDisks,
): Promise<StorageHost> {
  const host = await testHost({
    login: "ops",
    spec: {
      tools,
      boot(world) {
        installDisks(world, { disks });
        bootDisks(world);
        bootZfs(world);
      },
    },
  });
  const lines: string[] = [];
  const log = jest
    .spyOn(process.stdout, "write")
    .mockImplementation((line) => lines.push(String(line)) > 0);
  const made = provide(new EngineWatch(undefined));
  const provider = configured(made, host.configuration);
  return {
    ...host,
    provider,
    async run(line) {
      const [tool = "", ...words] = line.split(" ");
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const code = await tools[tool]?.({
        words,
        user: "root",
        world: host.world,
        stdin: new PassThrough(),
        stdout,
        stderr,
        signal: new AbortController().signal,
        run: () => Promise.resolve(127),
      });
      if (code !== 0) throw new Error(`${line}: ${code} ${stderr.read()}`);
      return String(stdout.read() ?? "");
    },
    told: () => lines.splice(0).join(""),
    async create(inputs) {
      const { id, outs } = await provider.create(inputs);
      return { id, props: outs ?? {} };
    },
    async look(id, props, inputs) {
      const { props: found = {} } = await provider.read(id, props);
      const { changes } = await provider.diff(id, found, inputs);
      return { found, changes };
    },
    async stop() {
      log.mockRestore();
      await host.stop();
    },
  };
}

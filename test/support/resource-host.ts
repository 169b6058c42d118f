import { PassThrough } from "node:stream";
import type { dynamic } from "@pulumi/pulumi";
import type { HostWorld, Tool } from "../../lab/host";
import { EngineWatch } from "../../providers/dynamic/engine";
import type { TestHost } from "./host";
import { configured, type Provider } from "./provider";

type Values = Record<string, unknown>;

/** A simulated machine with one kind of resource on it. */
export interface ResourceHost extends TestHost {
  provider: Provider;
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

export function resourceHost(
  host: TestHost,
  provide: (engine: EngineWatch) => dynamic.ResourceProvider,
): ResourceHost {
  const lines: string[] = [];
  const log = jest
    .spyOn(process.stdout, "write")
    .mockImplementation((line) => lines.push(String(line)) > 0);
  const provider = configured(
    provide(new EngineWatch(undefined)),
    host.configuration,
  );
  return {
    ...host,
    provider,
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
    async stop(keep) {
      log.mockRestore();
      await host.stop(keep);
    },
  };
}

/** A tool's standard output, past the wire; throws when the tool fails. */
export async function runTool(
  tools: Readonly<Record<string, Tool>>,
  world: HostWorld,
  line: string,
  input = "",
): Promise<string> {
  const words = line.match(/'[^']*'|\S+/g) ?? [];
  const [tool = "", ...rest] = words.map((word) => word.replaceAll("'", ""));
  const [stdin, stdout, stderr] = [
    new PassThrough(),
    new PassThrough(),
    new PassThrough(),
  ];
  stdin.end(input);
  const code = await tools[tool]?.({
    words: rest,
    user: "root",
    world,
    stdin,
    stdout,
    stderr,
    signal: new AbortController().signal,
    run: () => Promise.resolve(127),
  });
  if (code !== 0) throw new Error(`${line}: ${code} ${stderr.read()}`);
  return String(stdout.read() ?? "");
}

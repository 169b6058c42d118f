import { mkdirSync } from "node:fs";
import { certificateFor } from "../certificates";
import { control, type OpenwrtCommand } from "./control";
import { Faults } from "./faults";
import { Flash } from "./flash";
import { keepLines, keptLines, type NamedLine } from "./lines";
import { OpenwrtRouter } from "./router";
import { serve } from "./server";
import type { OpenwrtOptions } from "./spec";

export type { LineSummary, OpenwrtCommand } from "./control";
export {
  type Fault as OpenwrtFault,
  faultKinds as openwrtFaultKinds,
  lineStates,
} from "./faults";
export type { NamedLine } from "./lines";
export type {
  LineSpec,
  OpenwrtOptions,
  OpenwrtRecord,
  OpenwrtSpec,
} from "./spec";

export interface OpenwrtLab {
  endpoint: { url: string; ca: string; fingerprint: string };
  control(command: OpenwrtCommand): unknown;
  close(): Promise<void>;
}

/** The same world without a server, for what is bent while nothing runs. */
export function openRouter(
  directory: string,
  /** Asked for while the router has never been up. */
  lines: () => NamedLine[] = () => [],
): (command: OpenwrtCommand) => unknown {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const bendable = {
    flash: new Flash(directory),
    faults: new Faults(directory),
    lines: () => keptLines(directory) ?? lines(),
  };
  return (command) => control(bendable, command);
}

/** Starts the router over the flash that is in the directory, as after its power came back. */
export async function startOpenwrt(
  options: OpenwrtOptions,
): Promise<OpenwrtLab> {
  const { directory, spec } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  keepLines(directory, spec.lines);
  const faults = new Faults(directory);
  const router = new OpenwrtRouter(directory, spec, faults);
  router.boot();
  const certificate = await certificateFor(
    directory,
    spec.name,
    spec.listen.host,
  );
  const server = serve(router, options, certificate);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(spec.listen.port, spec.listen.host, () => resolve());
  });
  const { port } = server.address() as { port: number };
  return {
    endpoint: {
      url: `https://${spec.listen.host}:${port}`,
      ca: certificate.ca,
      fingerprint: certificate.fingerprint,
    },
    control: (command) =>
      control(
        { flash: router.flash, faults, router, lines: () => spec.lines },
        command,
      ),
    close: async () => {
      router.shutDown();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { Readable, Writable } from "node:stream";
import { factsOf } from "../../lab/facts";
import type { HostWorld } from "../../lab/host";
import { tools as coreutils } from "../../lab/host/coreutils";
import { systemctl } from "../../lab/host/coreutils/systemd";
import { bootFacts, tools as factTools } from "../../lab/host/facts";
import { updateInitramfs } from "../../lab/host/initramfs";
import { bootQat, tools as qatTools, units } from "../../lab/host/qat";
import type { Tool } from "../../lab/host/tool";
import { load } from "./dev-site";

/** Of the lab's adapter, and the chipset's own block beside it. */
export const endpoints = ["0000:54:00.0", "0000:55:00.0", "0000:56:00.0"];
export const [first = "", second = "", third = ""] = endpoints;
export const block = "0000:b5:00.0";

export interface QatMachine {
  driver?: "in-tree" | "out-of-tree";
  /** Left out: on. */
  iommu?: boolean;
  kernel?: string;
}

export const machineTools: Record<string, Tool> = {
  ...factTools,
  ...qatTools,
  "update-initramfs": updateInitramfs,
  systemctl: systemctl(units),
};

const facts = factsOf(load(), "router-server", []);

/** Power on: a machine of the lab with the adapter. */
export function bootMachine(
  world: HostWorld,
  { driver, iommu = true, kernel }: QatMachine = {},
): void {
  const pci = facts.pci.map((device) =>
    iommu ? device : { ...device, iommuGroup: undefined },
  );
  bootFacts(world, { ...facts, pci, kernel: kernel ?? facts.kernel });
  bootQat(world, driver);
}

/** At the machine itself, past its net. */
export async function runAt(
  world: HostWorld,
  line: string,
  stdin: string | Readable = "",
  user = "root",
): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
  const [tool = "", ...words] = line.split(" ");
  const all: Record<string, Tool> = { ...coreutils, ...machineTools };
  const said: [string, string] = ["", ""];
  const into = (index: 0 | 1) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        said[index] += chunk.toString();
        done();
      },
    });
  const code = await all[tool]?.({
    words,
    user,
    world,
    stdin:
      typeof stdin === "string" ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: into(0),
    stderr: into(1),
    signal: new AbortController().signal,
    run: () => Promise.resolve(127),
  });
  const [stdout, stderr] = said;
  return { code, stdout, stderr };
}

/** As SR-IOV of the adapter places them: from the second device of the bus on. */
export const addressesBehind = (address: string) =>
  Array.from(
    { length: 16 },
    (_, at) => `${address.slice(0, -5)}:0${at < 8 ? 1 : 2}.${at % 8}`,
  );

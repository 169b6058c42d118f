import { UserError } from "../../dynamic/failure";
import { isSame } from "./configuration";
import { type Place, write } from "./engage";
import { pathOf } from "./files";
import type { Seen } from "./look";
import type { QatDeviceInputs } from "./model";

/** Endpoints that do not run with their file; of each only itself is started anew. */
export function needingRestart(
  inputs: QatDeviceInputs,
  endpoints: readonly Seen[],
  changed: readonly string[],
): Seen[] {
  return endpoints.filter(
    (item) =>
      !item.isStarted ||
      changed.includes(pathOf(item.number)) ||
      !runsWith(inputs, item),
  );
}

/** In seconds: the kernel's clock for files goes in steps. */
const clockStep = 0.01;

/** It started after its file was written, and what it shows of its configuration is as declared. */
export function runsWith(
  inputs: QatDeviceInputs,
  { services, instances, startedAt, configuredAt }: Seen,
): boolean {
  if (Number(startedAt) + clockStep < Number(configuredAt)) return false;
  if (instances === undefined || services === undefined) return true;
  const { crypto, compression } = instances;
  return isSame(
    {
      services: services.split(";") as QatDeviceInputs["services"],
      instances: { kernel: { crypto, compression } },
    },
    {
      services: inputs.services,
      instances: { kernel: inputs.instances?.kernel },
    },
  );
}

export async function restart(
  place: Place,
  endpoints: readonly Seen[],
): Promise<void> {
  for (const { device } of endpoints) {
    if (device === undefined) continue;
    await write(place, ["adf_ctl", device, "restart"]);
  }
}

/** Each with the file that is there, or down where there is none and no guest needs it. */
export async function backToFiles(
  place: Place,
  endpoints: readonly Seen[],
): Promise<void> {
  const paths = endpoints.map(({ number }) => pathOf(number));
  const files = await place.machine.stat(paths, place.signal);
  for (const { device, number, isStarted, virtualFunctions } of endpoints) {
    const hasFile = files.has(pathOf(number));
    const isLeft = !isStarted || virtualFunctions.length > 0;
    if (device === undefined || (!hasFile && isLeft)) continue;
    const verb = hasFile ? "restart" : "down";
    await write(place, ["adf_ctl", device, verb]);
  }
}

/** Of the kernel's own driver: what it has bound it has started. */
export function requireStarted(
  { host, stack }: QatDeviceInputs,
  endpoints: readonly Seen[],
): void {
  const down = endpoints.filter(
    ({ isStarted, driver }) =>
      driver !== "c6xx" || (stack === "out-of-tree" && !isStarted),
  );
  if (down.length === 0) return;
  throw new UserError(
    `on host "${host}" ${down.map(({ address }) => address).join(", ")} did not start ("journalctl -k --grep=c6xx" says why)`,
  );
}

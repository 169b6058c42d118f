import type { Operation } from "../../dynamic/kind";
import { remove } from "../../host/managed-files/remove";
import { Store } from "../../host/managed-files/store";
import { settle } from "../../storage/settle";
import { functionsOf } from "./adapter";
import { placeOn, recorded } from "./apply";
import { giveTo, hasAll, type Place, write } from "./engage";
import { setOf } from "./files";
import { look, type Seen } from "./look";
import type { Before, QatDeviceInputs, QatDeviceOutputs } from "./model";

/** What stood there before us: files, whose the endpoints were, whether the driver was loaded. */
export async function removeAdapter(
  operation: Operation,
  inputs: QatDeviceInputs & QatDeviceOutputs,
): Promise<void> {
  const { host, name, stack, owner } = inputs;
  const place = placeOn(operation, host);
  const { machine, signal } = place;
  const before: Before = (await recorded(place, name)) ??
    inputs.before ?? { isLoaded: true, virtualFunctions: 0 };
  const seen = await look(machine, signal);
  const own = functionsOf(seen, inputs);
  const set = setOf(inputs, own, before);
  const manifest = await new Store(machine, set.key).load(signal);
  if (manifest && manifest.owner !== owner) return;
  // First what the next start of the machine goes by.
  await remove(operation, host, set);
  if (own.length === 0) return;
  await settle(signal, async () => {
    const now = functionsOf(await look(machine, signal), inputs);
    if (before.virtualFunctions === 0 && stack === "passthrough")
      await giveTo(place, "host", now);
    else if (before.virtualFunctions > 0 && now.every(hasAll) === false)
      await giveTo(place, "guests", now);
    if (stack === "out-of-tree") await backToFiles(place, now);
    if (!before.isLoaded) await unload(place);
  });
}

/** With the file that is back, or down where there was none. */
async function backToFiles(
  place: Place,
  endpoints: readonly Seen[],
): Promise<void> {
  const pathOf = ({ number }: Seen) => `/etc/c6xx_dev${number}.conf`;
  const files = await place.machine.stat(endpoints.map(pathOf), place.signal);
  for (const item of endpoints) {
    const { device, isStarted } = item;
    const hasFile = files.has(pathOf(item));
    if (device === undefined || (!hasFile && !isStarted)) continue;
    const verb = hasFile ? "restart" : "down";
    await write(place, ["adf_ctl", device, verb]);
  }
}

async function unload({ machine, operation, signal, host }: Place) {
  await operation.beforeWrite();
  const { code, stderr } = await machine.run(["modprobe", "-r", "qat_c62x"], {
    signal,
    codes: [0, 1],
  });
  if (code !== 0)
    operation.tell(
      `qat_c62x stays loaded on host "${host}", and was not before: ${stderr.trim()}`,
    );
}

import type { Operation } from "../../dynamic/kind";
import { markFrom } from "../../dynamic/mark";
import { remove } from "../../host/managed-files/remove";
import { settle } from "../../storage/settle";
import { functionsOf } from "./adapter";
import { placeOn, recorded } from "./apply";
import { giveTo, hasAll, type Place } from "./engage";
import { setOf } from "./files";
import { kept, stackOfFiles } from "./kept";
import { look } from "./look";
import type { Before, QatDeviceInputs, QatDeviceOutputs } from "./model";
import { backToFiles } from "./restart";

/** What stood there before us: files, whose the endpoints were, whether the driver was loaded. */
export async function removeAdapter(
  operation: Operation,
  inputs: QatDeviceInputs & QatDeviceOutputs,
): Promise<void> {
  const { host, name } = inputs;
  const place = placeOn(operation, host);
  const { machine, signal } = place;
  const before: Before = (await recorded(place, name)) ??
    inputs.before ?? { isLoaded: true, virtualFunctions: 0 };
  const manifest = await kept(place, name);
  const owner = markFrom(inputs, manifest?.owner);
  if (manifest && manifest.owner !== owner) {
    operation.tell(
      `what host "${host}" has of this name belongs to "${manifest.owner}", and stays as it is`,
    );
    return;
  }
  // The inputs say what a refresh found: not what was put there.
  const stack = manifest ? stackOfFiles(manifest, name) : inputs.stack;
  const own = async () => functionsOf(await look(machine, signal), inputs);
  const had = manifest?.files.map(({ path }) => path) ?? [];
  const given = { ...inputs, stack, owner };
  const set = setOf(given, await own(), before, had);
  // Guests may refuse: as long as the files are there the next run knows what is to be done.
  if (manifest)
    await settle(signal, async () => endsAs(place, before, await own()));
  await remove(operation, host, set);
  await settle(signal, async () => {
    const seen = await look(machine, signal);
    const endpoints = functionsOf(seen, inputs);
    if (endpoints.length === 0) return;
    const isStack = stack === "out-of-tree" || (!manifest && stack === "none");
    if (isStack && seen.driver === "out-of-tree")
      await backToFiles(place, endpoints);
    if (!before.isLoaded) await unload(place);
  });
}

/** Nobody knows who has made virtual functions that were not there before us: an update would take them, too. */
async function endsAs(
  place: Place,
  { virtualFunctions }: Before,
  endpoints: Parameters<typeof giveTo>[2],
): Promise<void> {
  if (virtualFunctions === 0) await giveTo(place, "host", endpoints);
  else if (!endpoints.every(hasAll)) await giveTo(place, "guests", endpoints);
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

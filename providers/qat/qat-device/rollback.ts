import { UserError } from "../../dynamic/failure";
import { converge } from "../../host/managed-files/converge";
import type { FileInputs } from "../../host/managed-files/model";
import { remove } from "../../host/managed-files/remove";
import type { Manifest } from "../../host/managed-files/store";
import { functionsOf } from "./adapter";
import { type Place, putBack } from "./engage";
import { configurationFile, setOf } from "./files";
import { kept } from "./kept";
import { look, type Seen } from "./look";
import type { Before, QatDeviceInputs } from "./model";
import { backToFiles } from "./restart";

const undoMs = 60_000;

/** What there was before the change that is to be taken back. */
interface Past {
  had: readonly FileInputs[];
  before: Before;
  endpoints: readonly Seen[];
}

/** Our files as they stand there, drift and all. */
export async function snapshot(
  { machine, signal }: Place,
  manifest: Manifest | undefined,
): Promise<FileInputs[]> {
  const found: FileInputs[] = [];
  for (const { path } of manifest?.files ?? []) {
    const content = await machine.read(path, signal);
    if (content) found.push({ path, content: content.toString("utf8") });
  }
  return found;
}

/** Endpoints first: the files know what stood before us, and what is still to be done. */
export async function takenBack(
  place: Place,
  inputs: QatDeviceInputs,
  past: Past,
  cause: Error,
): Promise<UserError> {
  const signal = AbortSignal.timeout(undoMs);
  const undoing: Place = {
    ...place,
    signal,
    // Its own may have run out, which is what is taken back then.
    operation: { ...place.operation, signal },
  };
  const said = [trimmed(cause)];
  let doing = "Putting the endpoints back failed too, and the files stay";
  try {
    said.push(...(await endpointsBack(undoing, inputs, past)));
    doing = "Putting the files back failed too";
    await filesBack(undoing, inputs, past);
    said.push("The files are as they were before");
    doing = "Starting the endpoints with them failed";
    await startedBack(undoing, inputs, past);
  } catch (error) {
    said.push(`${doing}: ${trimmed(error)}`);
  }
  return new UserError(said.join(". "));
}

async function filesBack(
  place: Place,
  inputs: QatDeviceInputs,
  { had, before, endpoints }: Past,
): Promise<void> {
  const { operation, host } = place;
  const manifest = await kept(place, inputs.name);
  const paths = [...had, ...(manifest?.files ?? [])].map(({ path }) => path);
  const set = setOf(inputs, endpoints, before, paths);
  if (had.length === 0) await remove(operation, host, set);
  else await converge(operation, host, { ...set, files: had });
}

async function endpointsBack(
  place: Place,
  inputs: QatDeviceInputs,
  { endpoints }: Past,
): Promise<string[]> {
  const now = functionsOf(await look(place.machine, place.signal), inputs);
  const wrong = endpoints.filter(({ address, virtualFunctions }) =>
    now.some(
      (item) =>
        item.address === address &&
        item.virtualFunctions.length !== virtualFunctions.length,
    ),
  );
  if (wrong.length === 0) return [];
  await putBack(place, wrong);
  return ["The endpoints are as they were"];
}

async function startedBack(
  place: Place,
  inputs: QatDeviceInputs,
  { had }: Past,
): Promise<void> {
  const isConfigured =
    inputs.stack === "out-of-tree" ||
    had.some(({ path }) => configurationFile.test(path));
  if (!isConfigured) return;
  const seen = await look(place.machine, place.signal);
  await backToFiles(place, functionsOf(seen, inputs));
}

const trimmed = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");

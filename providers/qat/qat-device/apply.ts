import { UserError } from "../../dynamic/failure";
import type { Operation } from "../../dynamic/kind";
import { markFrom } from "../../dynamic/mark";
import { HostError } from "../../host/client";
import { connect } from "../../host/connection";
import { converge } from "../../host/managed-files/converge";
import { settle } from "../../storage/settle";
import { adapterOf } from "./adapter";
import { render } from "./configuration";
import { giveTo, loadDriver, type Place } from "./engage";
import { denylistWarning, loadFile, parseBefore, pathOf, setOf } from "./files";
import { kept } from "./kept";
import { judge } from "./ladder";
import { type Look, look, type Seen } from "./look";
import type { Before, QatDeviceInputs, QatDeviceOutputs } from "./model";
import { requireNumbers, requireReady } from "./prerequisites";
import { prove } from "./proof";
import { needingRestart, requireStarted, restart } from "./restart";
import { snapshot, takenBack } from "./rollback";

/** The host's lock for what this project writes there. */
const lock = "/run/lock/hybrid-site.lck";

type Known = QatDeviceInputs & QatDeviceOutputs;

export function placeOn(operation: Operation, host: string): Place {
  const machine = connect(operation, host);
  return { machine, operation, signal: operation.signal, host };
}

/** From what is there to what is declared; what was there is put back when it cannot be. */
export async function apply(
  operation: Operation,
  inputs: QatDeviceInputs,
  olds?: Known,
): Promise<QatDeviceOutputs> {
  const { host, name } = inputs;
  const place = placeOn(operation, host);
  const { machine, signal } = place;
  const first = await look(machine, signal);
  const before =
    (await recorded(place, name)) ?? olds?.before ?? beforeOf(first, inputs);
  await requireReady(place, inputs, first, adapterOf(first, inputs));
  await loadDriver(place, first);
  const seen = first.isLoaded ? first : await look(machine, signal);
  const endpoints = adapterOf(seen, inputs);
  requireNumbers(inputs, endpoints);
  const changed = await changedFiles(place, inputs, endpoints);
  const manifest = await kept(place, name);
  const had = await snapshot(place, manifest);
  if (inputs.disableDenylist && !olds?.disableDenylist)
    operation.tell(`on host "${host}" ${denylistWarning}`);
  const adopted = await converge(
    operation,
    host,
    setOf(
      inputs,
      endpoints,
      before,
      had.map(({ path }) => path),
    ),
    { owner: olds && markFrom(olds, manifest?.owner) },
  );
  const own = { mark: inputs.owner, before, adopted };
  operation.exists(name, own);
  try {
    await engaged(place, inputs, changed);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw await takenBack(place, inputs, { had, before, endpoints }, error);
  }
  return outputs(place, inputs, own, olds);
}

/** What the host itself knows of the time before us. */
export async function recorded(
  { machine, signal }: Place,
  name: string,
): Promise<Before | undefined> {
  const text = await machine.read(loadFile(name), signal);
  return parseBefore(text?.toString("utf8") ?? "");
}

function beforeOf(seen: Look, inputs: QatDeviceInputs): Before {
  const [endpoint] = adapterOf(seen, inputs);
  return {
    isLoaded: seen.isLoaded,
    virtualFunctions: endpoint?.virtualFunctions.length ?? 0,
  };
}

async function changedFiles(
  { machine, signal }: Place,
  inputs: QatDeviceInputs,
  endpoints: readonly Seen[],
): Promise<string[]> {
  if (inputs.stack !== "out-of-tree") return [];
  const wanted = render(inputs.name, inputs);
  const changed: string[] = [];
  for (const { number } of endpoints) {
    const path = pathOf(number);
    const text = await machine.read(path, signal);
    if (text?.toString("utf8") !== wanted) changed.push(path);
  }
  return changed;
}

/** Who has the endpoints, and with which configuration they run; what is so already stays. */
function engaged(
  place: Place,
  inputs: QatDeviceInputs,
  changed: readonly string[],
): Promise<void> {
  const { machine, signal } = place;
  return settle(signal, () =>
    machine.exclusively(lock, signal, async (held) => {
      const here = { ...place, signal: held };
      const seen = await look(machine, held);
      const endpoints = adapterOf(seen, inputs);
      const isForGuests = inputs.stack === "passthrough";
      await giveTo(here, isForGuests ? "guests" : "host", endpoints);
      if (inputs.stack === "out-of-tree")
        await restart(here, needingRestart(inputs, endpoints, changed));
      const after = await look(machine, held);
      requireStarted(inputs, adapterOf(after, inputs));
    }),
  );
}

/** Said by the machine; a lost connection says nothing. */
function isRefusal(error: unknown): error is Error {
  return (
    error instanceof UserError ||
    (error instanceof HostError && error.kind === "exit")
  );
}

/** What is seen now, with a load where one is asked for that has not been put on yet. */
async function outputs(
  place: Place,
  inputs: QatDeviceInputs,
  own: Pick<QatDeviceOutputs, "mark" | "before" | "adopted">,
  olds: Known | undefined,
): Promise<QatDeviceOutputs> {
  const { machine, signal } = place;
  const now = judge(inputs, await look(machine, signal), olds?.evidence);
  const { evidence } = now;
  const isDone =
    evidence !== undefined &&
    evidence.run === inputs.proof?.run &&
    evidence.load === inputs.proof.load;
  const isUsable = now.functions.some(({ rung }) =>
    ["offered", "accelerated"].includes(rung),
  );
  if (inputs.proof === undefined || isDone || !isUsable)
    return { ...now, ...own };
  const proved = await prove(place, inputs);
  return { ...judge(inputs, await look(machine, signal), proved), ...own };
}

import type { Operation } from "../../dynamic/kind";
import { markFrom } from "../../dynamic/mark";
import { observe } from "../../host/managed-files/observe";
import { functionsOf } from "./adapter";
import { placeOn, recorded } from "./apply";
import { parseConfiguration, render } from "./configuration";
import { hasAll, isTaken } from "./engage";
import { configurationFile, setOf } from "./files";
import { kept, stackOfFiles } from "./kept";
import { judge } from "./ladder";
import { type Look, look, type Seen } from "./look";
import type { QatDeviceInputs, QatDeviceOutputs } from "./model";
import { runsWith } from "./restart";

type Known = QatDeviceInputs & QatDeviceOutputs;

/** What the host has of the declared things, and how far it is proved; undefined: gone, or another's. */
export async function observeAdapter(
  operation: Operation,
  inputs: Known,
): Promise<{ inputs: QatDeviceInputs; outputs: QatDeviceOutputs } | undefined> {
  const place = placeOn(operation, inputs.host);
  const seen = await look(place.machine, place.signal);
  const own = functionsOf(seen, inputs);
  const before = (await recorded(place, inputs.name)) ?? inputs.before;
  const manifest = await kept(place, inputs.name);
  const mark = markFrom(inputs, manifest?.owner);
  const stack = manifest ? stackOfFiles(manifest, inputs.name) : inputs.stack;
  const given = { ...inputs, stack, owner: mark };
  const set = setOf(given, own, before, []);
  const found = await observe(operation, inputs.host, set);
  if (found === undefined) return undefined;
  const wanted = new Map(set.files.map(({ path, content }) => [path, content]));
  const changed = found.files.filter(
    ({ path, content }) => content !== wanted.get(path),
  );
  const isConfiguration = ({ path }: { path: string }) =>
    configurationFile.test(path);
  // Inputs say one for all: where they differ no inputs say what is there.
  const [text, ...others] = new Set(
    found.files.filter(isConfiguration).map(({ content = "" }) => content),
  );
  const read =
    text !== undefined && others.length === 0
      ? parseConfiguration(text, inputs)
      : undefined;
  // What is in a file of ours and cannot be said in inputs takes its mark.
  const isPlain =
    changed.every(isConfiguration) &&
    (text === undefined ||
      (read !== undefined && render(inputs.name, read) === text)) &&
    found.files.length === set.files.length;
  const runs =
    stack !== "out-of-tree" ||
    own.every((item) => runsWith({ ...inputs, ...read }, item));
  const { services, instances } = read ?? inputs;
  return {
    inputs: {
      ...declared(inputs),
      owner: isPlain && runs ? found.owner : "",
      stack: stackOf(given, seen, own),
      services,
      instances,
    },
    outputs: {
      ...judge(declared({ ...inputs, stack }), seen, inputs.evidence),
      mark,
      before,
      adopted: found.adopted,
    },
  };
}

/** Whose all three endpoints are now. */
function stackOf(
  { stack }: QatDeviceInputs,
  { driver }: Look,
  own: readonly Seen[],
): QatDeviceInputs["stack"] {
  const all = (test: (item: Seen) => boolean) =>
    own.length === 3 && own.every(test);
  if (all((item) => hasAll(item) && !isTaken(item))) return "passthrough";
  const isHosts = (item: Seen) =>
    item.virtualFunctions.length === 0 && item.driver === "c6xx";
  if (driver === "none" || !all(isHosts)) return "none";
  // The kernel's own driver has started whatever it has.
  if (driver === "out-of-tree" && !all(({ isStarted }) => isStarted === true))
    return stack === "out-of-tree" ? "none" : driver;
  return driver;
}

function declared(inputs: Known): QatDeviceInputs {
  const { owner, host, name, endpoints, stack, services, instances } = inputs;
  const { disableDenylist, uses, proof, adopt, timeouts } = inputs;
  return {
    owner,
    host,
    name,
    endpoints,
    stack,
    services,
    instances,
    disableDenylist,
    uses,
    proof,
    adopt,
    timeouts,
  };
}

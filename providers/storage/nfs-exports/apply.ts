import { UserError } from "../../dynamic/failure";
import type { Place } from "../place";
import { fileOf, keyOf, type Pair, pairsOf, parseFile, render } from "./file";
import type { NfsExportsInputs } from "./model";
import {
  differences,
  exportAll,
  exported,
  others,
  readOwn,
  refuseTaken,
  refuseUnready,
  strangers,
  tellSleeping,
  unexport,
  writeOwn,
} from "./server";

/** From the file that is there, and what it has made live, to the declared one. */
export async function apply(
  place: Place,
  inputs: NfsExportsInputs,
  adopted: boolean,
  before: string | undefined,
): Promise<void> {
  const { name, host, entries } = inputs;
  await refuseUnready(place, inputs);
  const elsewhere = await others(place, name);
  refuseTaken(inputs, elsewhere, await exported(place));
  const wanted = pairsOf(entries);
  const dropped = without(parseFile(before ?? ""), wanted, elsewhere);
  // Before the file: as long as that names them, a later run knows what is to go.
  await unexport(place, dropped);
  const content = render(inputs, adopted);
  if (content !== before) await writeOwn(place, name, content);
  const said = await exportAll(place);
  const live = await exported(place);
  const wrong = differences(wanted, dropped, live);
  if (wrong.length > 0) {
    if (content !== before) await giveBack(place, inputs, before, wanted);
    const [words, outcome] = [
      said.length > 0 ? `; exportfs said: ${said.join("; ")}` : "",
      content === before
        ? `Look at ${fileOf(name)} there`
        : "What was exported before is exported again",
    ];
    throw new UserError(
      `on host "${host}" ${wrong.join(", ")}${words}. ${outcome}`,
    );
  }
  const also = strangers(inputs, elsewhere, live);
  if (also.length > 0)
    place.operation.tell(`host "${host}" also exports ${also.join(", ")}`);
  await tellSleeping(place, inputs);
}

async function giveBack(
  place: Place,
  { name }: NfsExportsInputs,
  before: string | undefined,
  wanted: readonly Pair[],
): Promise<void> {
  const kept = parseFile(before ?? "");
  await writeOwn(place, name, before);
  await unexport(place, without(wanted, kept, await others(place, name)));
  await exportAll(place);
}

/**
 * Takes away what only our file exports, and what is known to be live beside:
 * a line that is gone from the file is exported on.
 */
export async function withdraw(
  place: Place,
  name: string,
  known: readonly Pair[],
): Promise<void> {
  const text = await readOwn(place, name);
  const elsewhere = await others(place, name);
  const all = [...parseFile(text ?? ""), ...known];
  const mine = [...new Map(all.map((pair) => [keyOf(pair), pair])).values()];
  const gone = without(mine, [], elsewhere);
  await unexport(place, gone);
  const left = differences([], gone, await exported(place));
  if (left.length > 0) throw new UserError(left.join(", "));
  if (text !== undefined) await writeOwn(place, name, undefined);
  // What another file exports, too, is from now on as that file says.
  if (gone.length < mine.length) await exportAll(place);
}

function without(
  pairs: readonly Pair[],
  kept: readonly Pair[],
  elsewhere: ReadonlyMap<string, readonly Pair[]>,
): Pair[] {
  const keys = new Set([...kept, ...[...elsewhere.values()].flat()].map(keyOf));
  return pairs.filter((pair) => !keys.has(keyOf(pair)));
}

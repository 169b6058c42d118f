import { UserError } from "../../dynamic/failure";
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
  type Server,
  strangers,
  unexport,
  writeOwn,
} from "./server";

/** From the file that is there, and what it has made live, to the declared one. */
export async function apply(
  server: Server,
  inputs: NfsExportsInputs,
  adopted: boolean,
): Promise<void> {
  const { name, host, entries } = inputs;
  await refuseUnready(server, inputs);
  const elsewhere = await others(server, name);
  refuseTaken(inputs, elsewhere, await exported(server));
  const before = await readOwn(server, name);
  const wanted = pairsOf(entries);
  const dropped = without(parseFile(before ?? ""), wanted, elsewhere);
  // Before the file: as long as that names them, a later run knows what is to go.
  await unexport(server, dropped);
  const content = render(inputs, adopted);
  if (content !== before) await writeOwn(server, name, content);
  const said = await exportAll(server);
  const live = await exported(server);
  const wrong = differences(wanted, dropped, live);
  if (wrong.length > 0) {
    if (content !== before) await giveBack(server, inputs, before, wanted);
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
    server.operation.tell(`host "${host}" also exports ${also.join(", ")}`);
}

async function giveBack(
  server: Server,
  { name }: NfsExportsInputs,
  before: string | undefined,
  wanted: readonly Pair[],
): Promise<void> {
  const kept = parseFile(before ?? "");
  await writeOwn(server, name, before);
  await unexport(server, without(wanted, kept, await others(server, name)));
  await exportAll(server);
}

/** Takes away what only our file exports. */
export async function withdraw(server: Server, name: string): Promise<void> {
  const text = await readOwn(server, name);
  if (text === undefined) return;
  const elsewhere = await others(server, name);
  const mine = parseFile(text);
  const gone = without(mine, [], elsewhere);
  await unexport(server, gone);
  const left = differences([], gone, await exported(server));
  if (left.length > 0) throw new UserError(left.join(", "));
  await writeOwn(server, name, undefined);
  // What another file exports, too, is from now on as that file says.
  if (gone.length < mine.length) await exportAll(server);
}

function without(
  pairs: readonly Pair[],
  kept: readonly Pair[],
  elsewhere: ReadonlyMap<string, readonly Pair[]>,
): Pair[] {
  const keys = new Set([...kept, ...[...elsewhere.values()].flat()].map(keyOf));
  return pairs.filter((pair) => !keys.has(keyOf(pair)));
}

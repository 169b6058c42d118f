import type { Operation } from "../../dynamic/kind";
import { isOwn } from "../../dynamic/mark";
import type { Machine } from "../client";
import { connect } from "../connection";
import type { FileSet } from "./converge";
import { type Found, hasContent, hasRights, look } from "./look";
import { type FileInputs, rightsOf } from "./model";
import { Store } from "./store";

const shownAtMost = 1024 * 1024;

export interface Observed {
  /** Empty: the host does not know whose they are, or a change was cut off. */
  owner: string;
  /** Whose the host says that they are. */
  mark?: string;
  files: FileInputs[];
  adopted: string[];
}

/** The files as the host has them; never a secret of it. Undefined: gone, or another's. */
export async function observe(
  operation: Operation,
  host: string,
  set: FileSet,
): Promise<Observed | undefined> {
  const { signal } = operation;
  const machine = connect(operation, host);
  const paths = set.files.map(({ path }) => path);
  const [manifest, found] = await Promise.all([
    new Store(machine, set.key).load(signal),
    look(machine, paths, signal),
  ]);
  if (manifest && !isOwn(set, manifest.owner)) return undefined;
  if (manifest === undefined && found.size === 0) return undefined;
  const files: FileInputs[] = [];
  for (const item of set.files) {
    const now = found.get(item.path);
    const say = (text: string) =>
      operation.tell(`on host "${host}" ${item.path} ${text}`);
    if (now === undefined) say("is gone");
    else files.push(await actual(machine, item, now, say, signal));
  }
  const own = manifest?.files ?? [];
  const isOurs = [...found.keys()].every((path) =>
    own.some((file) => file.path === path),
  );
  const { phase = "done" } = manifest?.change ?? {};
  if (phase !== "done")
    operation.tell(
      `on host "${host}" a change was cut off; the next "pulumi up" takes it back and makes it anew`,
    );
  return {
    owner: manifest && isOurs && phase === "done" ? manifest.owner : "",
    mark: manifest?.owner,
    files,
    adopted: own.flatMap(({ path, before }) => (before ? [path] : [])),
  };
}

/** What was left out stays so while it stands. */
async function actual(
  machine: Machine,
  item: FileInputs,
  now: Found,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<FileInputs> {
  const result = { ...item };
  if (!hasRights(item, now)) {
    const wanted = rightsOf(item);
    for (const key of ["owner", "group", "mode"] as const) {
      if (now[key] === wanted[key]) continue;
      say(`has ${key} ${now[key]}, not ${wanted[key]}`);
      result[key] = now[key];
    }
  }
  if (hasContent(item, now)) return result;
  say(now.kind === "file" ? "has another content" : `is a ${now.kind}`);
  if (item.secretContent !== undefined)
    return { ...result, secretContent: "(another content on the host)" };
  return { ...result, content: await shown(machine, item.path, now, signal) };
}

async function shown(
  machine: Machine,
  path: string,
  now: Found,
  signal: AbortSignal,
): Promise<string> {
  if (now.kind !== "file") return `(a ${now.kind} on the host)`;
  if (now.size > shownAtMost) return `(${now.size} bytes on the host)`;
  const data = await machine.read(path, signal);
  const text = data?.toString("utf8") ?? "";
  return text.includes("�") ? `(no text: ${now.size} bytes on the host)` : text;
}

import type { Machine, Words } from "../client";

/** The answer of a command that only looks; `codes` beside 0 that are one. */
export type Look = (words: Words, codes?: readonly number[]) => Promise<string>;

export function lookOn(machine: Machine, signal: AbortSignal): Look {
  return async (words, codes = [0]) =>
    (await machine.run(words, { signal, codes, looks: true })).stdout;
}

/** What a packet of SSH may have at least (RFC 4253, 6.1), and so a command line, less some. */
const lineBytes = 24_000;

/** Paths that fit into a command line. */
function* linesOf(paths: readonly string[]): Generator<string[]> {
  let line: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    if (bytes + path.length > lineBytes) {
      yield line;
      [line, bytes] = [[], 0];
    }
    line.push(path);
    // With a blank, and quotes where it has blanks itself.
    bytes += path.length + 3;
  }
  if (line.length > 0) yield line;
}

/** What is in folders and passes find's tests; of a link, with what it leads to. */
export async function foundIn(
  look: Look,
  folders: readonly string[],
  tests: string,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const some of linesOf(folders)) {
    const text = await look(
      // The first is in the sudoers file.
      [
        "find",
        "/sys/class/scsi_host/",
        ...some,
        ...tests.split(" "),
        "-printf",
        "%p\\0%l\\0",
      ],
      // Ends with 1 when a folder is not there: no SCSI, no shelf.
      [0, 1],
    );
    for (const [path, target] of pairs(text)) found.set(path, target);
  }
  return found;
}

export const linkTests = "-mindepth 1 -maxdepth 1 -type l";

/** Of what `find` prints with -printf "%p\\0%l\\0". */
export function pairs(text: string): Map<string, string> {
  const parts = text.split("\0");
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2)
    found.set(parts[at] ?? "", parts[at + 1] ?? "");
  return found;
}

/** The lines of each file that is there; many have none of the attributes. */
export async function attributes(
  look: (words: Words, codes: readonly number[]) => Promise<string>,
  paths: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const some of linesOf(paths)) {
    const text = await look(
      ["grep", "--null", "--with-filename", "--no-messages", "--", "", ...some],
      [0, 1, 2],
    );
    for (const line of text.split("\n")) {
      const [path, value] = line.split("\0");
      if (path === undefined || value === undefined) continue;
      found.set(path, [...(found.get(path) ?? []), value]);
    }
  }
  return found;
}

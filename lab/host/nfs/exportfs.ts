import { statSync } from "node:fs";
import type { Call, Tool } from "../tool";
import type { HostWorld } from "../world";
import { ordered, readEtab, writeEtab } from "./etab";
import { type Export, encode, readFiles } from "./exports";
import { BadOption, defaults, flags, parseOptions, shown } from "./options";

const usage = "usage: exportfs [-adfhioruvs] [host:/path]";

interface Request {
  letters: Set<string>;
  options: string;
  operands: string[];
}

export const exportfs: Tool = (call) => {
  let failed = false;
  const complain = (line: string) => {
    failed = true;
    warn(call, line);
  };
  const request = parse(call);
  if (request === undefined) return 1;
  const { letters, operands } = request;
  const isAll = letters.has("a") || letters.has("r");
  const isUnexport = letters.has("u");
  if (isAll && operands.length > 0)
    complain("extra arguments are not permitted with -a or -r");
  else if (letters.has("r") && isUnexport)
    complain("-r and -u are incompatible");
  else if (letters.has("i") && (isAll || isUnexport))
    complain("-i not meaningful with -a, -r or -u");
  if (failed) return 1;
  if (operands.length === 0 && !isAll) {
    if (!letters.has("f")) show(call, letters);
    return 0;
  }
  if (call.user !== "root") {
    complain(
      "could not open /var/lib/nfs/.etab.lock for locking: errno 13 (Permission denied)",
    );
    complain("can't lock /var/lib/nfs/etab for writing");
    return 1;
  }
  const { world } = call;
  if (isUnexport) {
    writeEtab(
      world,
      isAll ? [] : unexported(call, operands, letters.has("v"), complain),
    );
    return failed ? 1 : 0;
  }
  const declared = [
    ...(letters.has("i") ? [] : filed(call, complain)),
    ...operands.flatMap((word) => asked(word, request, complain)),
  ];
  const exported = new Map<string, Export>();
  for (const item of declared) {
    const key = keyOf(item);
    const other = exported.get(key);
    if (other) duplicate(item, other, complain);
    else exported.set(key, item);
  }
  // Without -a only what was asked for; the files are read for its sake.
  const wanted = isAll
    ? [...exported.values()]
    : operands.flatMap((word) => exported.get(word) ?? []);
  if (isAll && wanted.length === 0 && letters.has("v"))
    warn(call, "No file systems exported!");
  for (const item of [...wanted].reverse()) {
    if (letters.has("v")) {
      call.stdout.write(`exporting ${item.client}:${item.path}\n`);
    }
    for (const problem of problems(world, item)) complain(problem);
  }
  const known = new Set(wanted.map(keyOf));
  const kept = letters.has("r")
    ? []
    : readEtab(world).filter((item) => !known.has(keyOf(item)));
  writeEtab(world, ordered([...wanted, ...kept]));
  return failed ? 1 : 0;
};

function warn(call: Call, line: string): void {
  call.stderr.write(`exportfs: ${line}\n`);
}

function keyOf({ client, path }: Export): string {
  return `${client}:${path}`;
}

function parse(call: Call): Request | undefined {
  const request: Request = { letters: new Set(), options: "", operands: [] };
  const words = [...call.words];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith("-") || word === "-") {
      request.operands.push(word);
      continue;
    }
    for (const [index, letter] of [...word.slice(1)].entries()) {
      if (letter === "h") {
        call.stdout.write(`${usage}\n`);
        return undefined;
      }
      if (letter === "o") {
        request.options = word.slice(index + 2) || (words.shift() ?? "");
        break;
      }
      if (!"adfirsuv".includes(letter)) {
        warn(call, `invalid option -- '${letter}'`);
        call.stderr.write(`${usage}\n`);
        return undefined;
      }
      request.letters.add(letter);
    }
  }
  return request;
}

function show(call: Call, letters: Set<string>): void {
  for (const { path, client, options } of ordered(readEtab(call.world))) {
    const name = encode(path);
    const said = `${client}(${shown(options)})`;
    if (letters.has("s")) call.stdout.write(`${name}  ${said}\n`);
    else {
      const gap = name.length > 14 ? "\n\t\t" : "\t";
      call.stdout.write(
        `${name.padEnd(14)}${gap}${letters.has("v") ? said : client}\n`,
      );
    }
  }
}

function filed(call: Call, complain: (line: string) => void): Export[] {
  // Warnings and names that resolve to nothing are no failure to the tool.
  const isMild =
    /^No (options|host name)|: Neither 'subtree_check'|^Failed to resolve|^Invalid prefix/;
  return readFiles(call.world, (line) =>
    isMild.test(line) ? warn(call, line) : complain(line),
  );
}

function asked(
  word: string,
  { options }: Request,
  complain: (line: string) => void,
): Export[] {
  const [client, path] = hostAndPath(word);
  if (client === undefined || path === undefined) {
    complain(`Invalid export syntax: ${word.split(":")[0]}`);
    return [];
  }
  try {
    const place = { file: "command line", line: 0 };
    const parsed = parseOptions(options, defaults(), place);
    return [{ client, path, options: parsed }];
  } catch (error) {
    if (!(error instanceof BadOption)) throw error;
    complain(error.message);
    return [];
  }
}

function hostAndPath(word: string): [string?, string?] {
  const [, client, path] = /^(\[[^\]]*\][^:]*|[^:]*):(\/.*)$/.exec(word) ?? [];
  return [client?.replace(/[[\]]/g, ""), path];
}

function unexported(
  call: Call,
  operands: readonly string[],
  isVerbose: boolean,
  complain: (line: string) => void,
): Export[] {
  let left = readEtab(call.world);
  for (const word of operands) {
    const [client, path] = hostAndPath(word);
    if (client === undefined || path === undefined) {
      complain(`Invalid export syntax: ${word.split(":")[0]}`);
      continue;
    }
    const rest = left.filter(
      (item) => item.client !== client || item.path !== path,
    );
    if (rest.length === left.length)
      complain(`Could not find '${client}:${path}' to unexport.`);
    else if (isVerbose) call.stdout.write(`unexporting ${client}:${path}\n`);
    left = rest;
  }
  return left;
}

function duplicate(
  item: Export,
  other: Export,
  complain: (line: string) => void,
): void {
  const [mine, theirs] = [flags(item.options), flags(other.options)];
  if (mine === theirs) {
    complain("duplicated export entries:");
    complain(`\t${keyOf(item)}`);
    complain(`\t${keyOf(other)}`);
    return;
  }
  complain("incompatible duplicated export entries:");
  complain(`\t${keyOf(item)} (0x${mine.toString(16)}) [IGNORED]`);
  complain(`\t${keyOf(other)} (0x${theirs.toString(16)})`);
}

/** Said, and exported all the same. */
function problems(world: HostWorld, { path }: Export): string[] {
  try {
    const isDirectory = statSync(world.path(path)).isDirectory();
    return isDirectory
      ? []
      : [`${path} is not a directory. Remote access will fail`];
  } catch {
    return [`Failed to stat ${path}: No such file or directory`];
  }
}

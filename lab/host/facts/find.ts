import { lstatSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { posix } from "node:path";
import type { Call, Tool } from "../tool";

interface Entry {
  path: string;
  /** Of a link, where it leads. */
  target: string;
  type: "d" | "f" | "l";
}
type Test = (entry: Entry) => boolean;

class Unknown extends Error {}

/** With -mindepth, -maxdepth, -type, -name, -o, parentheses and -printf. */
export const find: Tool = (call) => {
  const words = [...call.words];
  const starts: string[] = [];
  while (words[0] !== undefined && !/^[-(!]/.test(words[0]))
    starts.push(words.shift() ?? "");
  const depth = { min: 0, max: Number.POSITIVE_INFINITY };
  let test: Test;
  try {
    const parser = new Parser(call, words, depth);
    test = parser.either();
    parser.end();
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    call.stderr.write(`find: ${error.message}\n`);
    return 1;
  }
  let code = 0;
  const visit = (path: string, level: number) => {
    const entry = look(call, path, level === 0);
    if (entry === undefined) {
      call.stderr.write(`find: '${path}': No such file or directory\n`);
      code = 1;
      return;
    }
    if (level >= depth.min) test(entry);
    if (entry.type !== "d" || level >= depth.max) return;
    for (const name of readdirSync(call.world.path(path)))
      visit(path.endsWith("/") ? path + name : `${path}/${name}`, level + 1);
  };
  for (const start of starts) visit(start, 0);
  return code;
};

/** A start that ends with "/" is what a link leads to. */
function look(call: Call, path: string, isStart: boolean): Entry | undefined {
  const place = call.world.path(path);
  const read = isStart && path.endsWith("/") ? statSync : lstatSync;
  const stats = read(place, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  const type = stats.isDirectory() ? "d" : stats.isSymbolicLink() ? "l" : "f";
  return { path, type, target: type === "l" ? readlinkSync(place) : "" };
}

class Parser {
  #hasPrinted = false;

  constructor(
    private readonly call: Call,
    private readonly words: string[],
    private readonly depth: { min: number; max: number },
  ) {}

  either(): Test {
    const sides = [this.all()];
    while (this.words[0] === "-o") {
      this.words.shift();
      sides.push(this.all());
    }
    return (entry) => sides.some((side) => side(entry));
  }

  end(): void {
    if (this.words.length > 0)
      throw new Unknown("invalid expression; you have too many ')'");
    if (!this.#hasPrinted)
      throw new Unknown("only expressions with -printf are simulated");
  }

  private all(): Test {
    const parts: Test[] = [];
    while (this.words[0] !== undefined && !["-o", ")"].includes(this.words[0]))
      parts.push(this.one());
    return (entry) => parts.every((part) => part(entry));
  }

  private one(): Test {
    const word = this.words.shift() ?? "";
    if (word === "(") {
      const inner = this.either();
      if (this.words.shift() !== ")")
        throw new Unknown("invalid expression; expected to find a ')'");
      return inner;
    }
    if (!["-mindepth", "-maxdepth", "-type", "-name", "-printf"].includes(word))
      throw new Unknown(`unknown predicate '${word}'`);
    const value = this.words.shift();
    if (value === undefined) throw new Unknown(`missing argument to '${word}'`);
    switch (word) {
      case "-mindepth":
        this.depth.min = Number(value);
        return () => true;
      case "-maxdepth":
        this.depth.max = Number(value);
        return () => true;
      case "-type":
        return ({ type }) => type === value;
      case "-name":
        return ({ path }) => glob(value).test(posix.basename(path));
      default:
        this.#hasPrinted = true;
        return (entry) => this.print(value, entry);
    }
  }

  private print(format: string, { path, target }: Entry): boolean {
    const values: Record<string, string> = {
      "%p": path,
      "%l": target,
      "%f": posix.basename(path),
      "\\0": "\0",
      "\\n": "\n",
      "\\t": "\t",
    };
    const text = format.replace(/[%\\]./g, (key) => values[key] ?? key);
    return this.call.stdout.write(text) || true;
  }
}

function glob(pattern: string): RegExp {
  const text = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${text}$`, "s");
}

import { EventEmitter } from "node:events";

/** Words as they are or in single quotes, one command or several by "&&". */
const part = String.raw`[\w@%+:,./=-]|'[^']*'|\\'`;
const word = `(?:${part})+`;
const plain = new RegExp(`^env(?: ${word})*(?: && env(?: ${word})*)*$`);
const tokens = new RegExp(`&&|${word}`, "g");
const parts = new RegExp(part, "g");

/**
 * A command line in which a shell only splits words: no pipe, no redirection,
 * no expansion, and no program but `env`.
 */
export function isPlain(command: string): boolean {
  return plain.test(command);
}

/** The words of each command after `env`, as every POSIX shell splits them. */
export function plainWords(command: string): string[][] {
  const commands: string[][] = [];
  // A quoted word may hold anything, "&&" and "env" too.
  for (const [text] of command.matchAll(tokens)) {
    if (text === "&&" || commands.length === 0) commands.push([]);
    if (text !== "&&") commands.at(-1)?.push(unquoted(text));
  }
  return commands.map(([, ...rest]) => rest);
}

function unquoted(text: string): string {
  return (text.match(parts) ?? [])
    .map((piece) => {
      if (piece === "\\'") return "'";
      return piece.startsWith("'") ? piece.slice(1, -1) : piece;
    })
    .join("");
}

/**
 * Does what a shell does with a plain line, without its process: the start of
 * one is most of what a call costs.
 */
export class PlainShell extends EventEmitter<{
  close: [code: number | null, signal: string | null];
}> {
  #isOver = false;

  constructor(
    command: string,
    private readonly run: (words: string[]) => Promise<number>,
  ) {
    super();
    setImmediate(() => void this.#go(plainWords(command)));
  }

  kill(signal: string): void {
    this.#end(null, signal);
  }

  async #go(commands: readonly string[][]): Promise<void> {
    let code = 0;
    for (const words of commands) {
      if (this.#isOver || code !== 0) break;
      code = (await this.run(words)) & 0xff;
    }
    this.#end(code, null);
  }

  #end(code: number | null, signal: string | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.emit("close", code, signal);
  }
}

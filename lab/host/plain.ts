import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** Words as they are or in single quotes, one command or several by "&&". */
const word = String.raw`(?:[\w@%+:,./=-]|'[^']*'|\\')+`;
const plain = new RegExp(`^env(?: ${word})*(?: && env(?: ${word})*)*$`);

/**
 * A command line in which the shell only splits words: no pipe, no
 * redirection, no expansion, and no program but `env`.
 */
export function isPlain(command: string): boolean {
  return plain.test(command);
}

/** What the shell calls in place of a program: hands its words out and waits for the code. */
const prelude = `env() {
	printf '%s\\0' "$#" "$@" >&3
	read -r code <&4
	return "$code"
}
`;

/**
 * Lets a real shell split the line, and runs what it calls without a process
 * for each: a program's start is most of what a call costs.
 */
export function spawnPlain(
  command: string,
  run: (words: string[]) => Promise<number>,
): ChildProcess {
  const child = spawn("/bin/sh", ["-c", `${prelude}${command}`], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    env: {},
  });
  const [calls, codes] = [
    child.stdio[3] as Readable,
    child.stdio[4] as Writable,
  ];
  codes.on("error", () => undefined);
  let rest: string[] = [];
  let last = "";
  calls.setEncoding("utf8");
  calls.on("data", async (chunk: string) => {
    const parts = `${last}${chunk}`.split("\0");
    last = parts.pop() ?? "";
    rest.push(...parts);
    const [count] = rest;
    if (count === undefined || rest.length < Number(count) + 1) return;
    const words = rest.slice(1);
    rest = [];
    codes.write(`${(await run(words)) & 0xff}\n`);
  });
  return child;
}

import { readFileSync } from "node:fs";
import { gnu } from "../coreutils/gnu";
import type { Tool } from "../tool";

export const grep: Tool = (call) => {
  const parsed = gnu(call, "grep", {
    null: { type: "boolean", short: "Z" },
    "with-filename": { type: "boolean", short: "H" },
    "no-messages": { type: "boolean", short: "s" },
    "fixed-strings": { type: "boolean", short: "F" },
  });
  if (parsed === undefined) return 2;
  const { flags, operands } = parsed;
  const [pattern, ...files] = operands;
  if (pattern === undefined || files.length === 0) {
    call.stderr.write("Usage: grep [OPTION]... PATTERNS [FILE]...\n");
    return 2;
  }
  const matches = flags["fixed-strings"]
    ? (line: string) => line.includes(pattern)
    : (line: string) => new RegExp(pattern).test(line);
  const hasNames = flags["with-filename"] || files.length > 1;
  const [failed, found] = [new Set<string>(), new Set<string>()];
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(call.world.path(file), "utf8");
    } catch (error) {
      failed.add(file);
      const isFolder = (error as NodeJS.ErrnoException).code === "EISDIR";
      const why = isFolder ? "Is a directory" : "No such file or directory";
      if (!flags["no-messages"]) call.stderr.write(`grep: ${file}: ${why}\n`);
      continue;
    }
    const lines = text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    for (const line of lines.filter(matches)) {
      found.add(file);
      const name = hasNames ? `${file}${flags.null ? "\0" : ":"}` : "";
      call.stdout.write(`${name}${line}\n`);
    }
  }
  return failed.size > 0 ? 2 : found.size > 0 ? 0 : 1;
};

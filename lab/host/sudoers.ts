/** Whether an account may run a tool with these words as root, and is asked for no password. */
export type MayRun = (
  account: string,
  tool: string,
  words: readonly string[],
) => boolean;

interface Rule {
  account: string;
  commands: string[];
}

/**
 * So much of a sudoers file as an account for one purpose needs: aliases of
 * commands, and rules without a password. What goes beyond is a defect of the
 * simulation, and shown as one.
 */
export function parseSudoers(text: string): MayRun {
  const aliases = new Map<string, string[]>();
  const rules: Rule[] = [];
  for (const line of text.replaceAll(/\\\n\s*/g, " ").split("\n")) {
    if (/^\s*(#.*|Defaults\b.*)?$/.test(line)) continue;
    const [, alias, commands] = /^Cmnd_Alias (\w+) = (.+)$/.exec(line) ?? [];
    const [, account, granted] =
      /^(\S+) ALL=\(root\) NOPASSWD: (.+)$/.exec(line) ?? [];
    if (alias && commands) aliases.set(alias, listOf(commands));
    else if (account && granted)
      rules.push({ account, commands: listOf(granted) });
    else throw new Error(`sudoers: not known here: ${line}`);
  }
  return (account, tool, words) =>
    rules
      .filter((rule) => rule.account === account)
      .flatMap((rule) => rule.commands)
      .flatMap((command) => aliases.get(command) ?? [command])
      .some((command) => matches(command, tool, words));
}

function listOf(text: string): string[] {
  return text.split(/(?<!\\),/).map((item) => item.trim());
}

/** The path is where secure_path finds the tool; without arguments any will do. */
function matches(
  command: string,
  tool: string,
  words: readonly string[],
): boolean {
  if (command === "ALL") return true;
  const [path = "", ...rest] = command.split(" ");
  if (path.slice(path.lastIndexOf("/") + 1) !== tool) return false;
  if (rest.length === 0) return true;
  const line = words.join(" ");
  const wanted = rest.join(" ");
  // Of sudo 1.9.10 and newer: what begins and ends so is a regular expression.
  if (/^\^.*\$$/.test(wanted)) return new RegExp(wanted).test(line);
  return wanted === '""' ? line === "" : pattern(wanted).test(line);
}

/** As fnmatch has it: "*" is anything, blanks and slashes too. */
function pattern(text: string): RegExp {
  const parts = text.match(/\\.|[\s\S]/g) ?? [];
  const source = parts.map((part) => {
    if (part === "*") return "[\\s\\S]*";
    if (part === "?") return "[\\s\\S]";
    return part.slice(-1).replace(/[.*+?^${}()|[\]\\/]/, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`);
}

import type { Call } from "../tool";
import { Failure, Usage } from "./options";
import { settingsOf, type ZfsSettings } from "./settings";
import { settle } from "./settle";
import { version } from "./zpool/version";

export interface CommandTable {
  tool: "zpool" | "zfs";
  commands: Readonly<
    Record<
      string,
      (call: Call, words: readonly string[]) => number | Promise<number>
    >
  >;
  aliases?: Readonly<Record<string, string>>;
  usageText(command: string | undefined, settings: ZfsSettings): string;
  /** Those that only root may do. */
  writing: readonly string[];
}

export async function runCommand(
  call: Call,
  { aliases = {}, commands, tool, usageText, writing }: CommandTable,
): Promise<number> {
  const [word, ...words] = call.words;
  const settings = settingsOf(call.world);
  const usage = (command?: string) =>
    call.stderr.write(usageText(command, settings));
  if (word === undefined) {
    call.stderr.write("missing command\n");
    usage();
    return 2;
  }
  if (word === "-V" || word === "--version") return version(call, [], tool);
  if (word === "-?" || word === "--help") {
    call.stdout.write(usageText(undefined, settings));
    return 0;
  }
  const name = aliases[word] ?? word;
  const command = commands[name];
  if (command === undefined) {
    call.stderr.write(`unrecognized command '${word}'\n`);
    usage();
    return 2;
  }
  settle(call.world);
  try {
    const isDenied =
      call.user !== "root" && writing.includes(name) && words.length > 0;
    if (isDenied)
      throw new Failure(`cannot ${name} '${words.at(-1)}': permission denied`);
    return await command(call, words);
  } catch (error) {
    if (error instanceof Usage) {
      usage(name);
      return 2;
    }
    if (!(error instanceof Failure)) throw error;
    call.stderr.write(`${error.message}\n`);
    return error.code;
  }
}

import type { Call, Tool } from "../../tool";
import { schema, stringify } from "../json";
import { Failure, options, Usage } from "../options";
import { isAtLeast23, settingsOf } from "../settings";
import { settle } from "../settle";
import { create } from "./create";
import { destroy, exportPools } from "./export";
import { get } from "./get";
import { importPools } from "./import";
import { list } from "./list";
import { status } from "./status";
import { usageText } from "./usage";

type Command = (
  call: Call,
  words: readonly string[],
) => number | Promise<number>;

/** 2.2 takes no notice of what follows: it prints its text, and ends with 0. */
export function version(
  call: Call,
  words: readonly string[],
  tool: "zpool" | "zfs",
): number {
  const settings = settingsOf(call.world);
  const [userland, kernel] = [
    `zfs-${settings.version}-1`,
    `zfs-kmod-${settings.version}-1`,
  ];
  if (isAtLeast23(settings)) {
    const given = options(call, words, "j", { json: "j" });
    if (given.has("j")) {
      const found = { zfs_version: { userland, kernel } };
      call.stdout.write(
        `${stringify({ ...schema(`${tool} version`), ...found })}\n`,
      );
      return 0;
    }
  }
  call.stdout.write(`${userland}\n${kernel}\n`);
  return 0;
}

const commands: Readonly<Record<string, Command>> = {
  version: (call, words) => version(call, words, "zpool"),
  create,
  destroy,
  list,
  status,
  get,
  import: importPools,
  export: exportPools,
};

const onlyRoot = ["create", "destroy", "import", "export"];

export const zpool: Tool = async (call) => {
  const [name, ...words] = call.words;
  const settings = settingsOf(call.world);
  const usage = (command?: string) =>
    call.stderr.write(usageText(command, settings));
  if (name === undefined) {
    call.stderr.write("missing command\n");
    usage();
    return 2;
  }
  if (name === "-V" || name === "--version") return version(call, [], "zpool");
  if (name === "-?" || name === "--help") {
    call.stdout.write(usageText(undefined, settings));
    return 0;
  }
  const command = commands[name];
  if (command === undefined) {
    call.stderr.write(`unrecognized command '${name}'\n`);
    usage();
    return 2;
  }
  settle(call.world);
  try {
    if (call.user !== "root" && onlyRoot.includes(name) && words.length > 0)
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
};

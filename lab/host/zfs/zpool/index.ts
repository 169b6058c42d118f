import type { Call, Tool } from "../../tool";
import { runCommand } from "../command";
import { create } from "./create";
import { destroy, exportPools } from "./export";
import { get } from "./get";
import { importPools } from "./import";
import { list } from "./list";
import { status } from "./status";
import { usageText } from "./usage";
import { version } from "./version";

const commands = {
  version: (call: Call, words: readonly string[]) =>
    version(call, words, "zpool"),
  create,
  destroy,
  list,
  status,
  get,
  import: importPools,
  export: exportPools,
};

export const zpool: Tool = (call) =>
  runCommand(call, {
    tool: "zpool",
    commands,
    usageText,
    writing: ["create", "destroy", "import", "export"],
  });

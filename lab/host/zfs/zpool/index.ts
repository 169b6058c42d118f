import type { Call, Tool } from "../../tool";
import { runCommand } from "../command";
import { attach, detach, replace } from "./attach";
import { add, set } from "./change";
import { create } from "./create";
import { destroy, exportPools } from "./export";
import { get } from "./get";
import { importPools } from "./import";
import { list } from "./list";
import { clear, offline, online, remove, scrub } from "./repair";
import { status } from "./status";
import { usageText } from "./usage";
import { version } from "./version";
import { wait } from "./wait";

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
  set,
  add,
  remove,
  attach,
  detach,
  replace,
  online,
  offline,
  clear,
  scrub,
  wait,
};

/** These only tell. */
const reading = ["version", "list", "status", "get", "wait"];

export const zpool: Tool = (call) =>
  runCommand(call, {
    tool: "zpool",
    commands,
    usageText,
    writing: Object.keys(commands).filter((name) => !reading.includes(name)),
  });

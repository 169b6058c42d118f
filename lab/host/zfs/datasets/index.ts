import type { Call, Tool } from "../../tool";
import { runCommand } from "../command";
import { version } from "../zpool/version";
import { destroy, rename, snapshot } from "./changing";
import { create } from "./create";
import { mount, unmount } from "./mount-commands";
import { get, list } from "./reading";
import { inherit, set } from "./setting";
import { usageText } from "./usage";

const commands = {
  version: (call: Call, words: readonly string[]) =>
    version(call, words, "zfs"),
  create,
  destroy,
  snapshot,
  rename,
  list,
  get,
  set,
  inherit,
  mount,
  unmount,
};

const aliases: Readonly<Record<string, string>> = {
  snap: "snapshot",
  umount: "unmount",
};

export const zfs: Tool = (call) =>
  runCommand(call, {
    tool: "zfs",
    commands,
    aliases,
    usageText,
    writing: [
      "create",
      "destroy",
      "snapshot",
      "rename",
      "set",
      "inherit",
      "mount",
      "unmount",
    ],
  });

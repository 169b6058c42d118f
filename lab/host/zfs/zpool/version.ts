import type { Call } from "../../tool";
import { schema, stringify } from "../json";
import { options } from "../options";
import { isAtLeast23, settingsOf } from "../settings";

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

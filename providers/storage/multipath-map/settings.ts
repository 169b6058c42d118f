import {
  type FileMark,
  formatFileMark,
  parseFileMark,
  withoutFileMark,
} from "../mark";
import type { MultipathMapInputs } from "./model";

export const settingsFile = "/etc/multipath/conf.d/hybrid-site.conf";
export const wwidsFile = "/etc/multipath/wwids";

export interface Mark extends FileMark {
  /** WWIDs that stand in the machine's list because of us. */
  added: string[];
}

/**
 * Strict: a disk gets a map because its WWID is listed, never because it was
 * seen twice, or once too early.
 */
export function render(
  { owner, wwids, blacklist }: MultipathMapInputs,
  adopted: boolean,
  added: readonly string[],
): string {
  const { devnodes = [], wwids: others = [] } = blacklist ?? {};
  const lines = [
    formatFileMark(owner, adopted),
    `# added: ${[...added].sort().join(" ")}`.trimEnd(),
    "defaults {",
    "\tfind_multipaths strict",
    "\tuser_friendly_names no",
    "}",
  ];
  if (devnodes.length + others.length > 0) {
    lines.push(
      "blacklist {",
      ...devnodes.map((text) => `\tdevnode "${text}"`),
      ...others.map((text) => `\twwid "${text}"`),
      "}",
      "blacklist_exceptions {",
      ...wwids.map((text) => `\twwid "^${text}$"`),
      "}",
    );
  }
  return `${lines.join("\n")}\n`;
}

export function parseMark(text: string): Mark {
  const [, added = ""] = /^# added:(.*)$/m.exec(text) ?? [];
  return {
    ...parseFileMark(text),
    added: added.split(" ").filter(Boolean),
  };
}

export function withoutMark(text: string): string {
  return withoutFileMark(text).replace(/^# added:.*\n/m, "");
}

/** Lines like "/35000c500a1b2c3d4/". */
export function parseWwids(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [, wwid] = /^\/(.+)\/$/.exec(line.trim()) ?? [];
    return wwid ?? [];
  });
}

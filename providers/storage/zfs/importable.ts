import type { Importable } from "./pool";

/** What `zpool import` and `zpool import -D` list: there is no JSON of it. */
export function parseImportable(text: string): Importable[] {
  return text
    .split(/^(?= *pool: )/m)
    .filter((part) => /^ *pool: /.test(part))
    .map((part) => {
      const word = (key: string) =>
        new RegExp(`^ *${key}: (.*)$`, "m").exec(part)?.[1]?.trim() ?? "";
      const state = word("state");
      const [, config = ""] = /^ *config:\n\n([\s\S]*)$/m.exec(part) ?? [];
      const lines = config.split("\n").filter((line) => line.startsWith("\t"));
      return {
        name: word("pool"),
        guid: word("id"),
        state: state.replace(/ \(DESTROYED\)$/, ""),
        isDestroyed: state.endsWith("(DESTROYED)"),
        devices: lines.flatMap((line) => line.trim().split(/\s+/, 1)),
      };
    });
}

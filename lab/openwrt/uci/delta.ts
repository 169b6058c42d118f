import { append, type UciFile } from "./file";

/** What is staged, in rpcd's words for `uci changes`. */
export type Delta =
  | ["add", section: string, type: string]
  | ["set", section: string, option: string, value: string]
  | ["list-add", section: string, option: string, value: string]
  | ["remove", section: string, option?: string]
  | ["rename", section: string, name: string]
  | ["order", section: string, place: string];

/** The file with what is staged, in the order in which it was. */
export function replay(file: UciFile, deltas: readonly Delta[]): UciFile {
  const result = file.map((section) => ({
    ...section,
    options: new Map(section.options),
  }));
  for (const delta of deltas) {
    const [kind, name, third, fourth] = delta;
    const at = result.findIndex((section) => section.name === name);
    const section = result[at];
    if (kind === "add") {
      if (section) section.type = third;
      else
        result.push({
          type: third,
          name,
          anonymous: false,
          options: new Map(),
        });
    } else if (section === undefined) continue;
    else if (kind === "set") {
      if (fourth === "") section.options.delete(third);
      else section.options.set(third, fourth);
    } else if (kind === "list-add") append(section, third, fourth);
    else if (kind === "remove") {
      if (third === undefined) result.splice(at, 1);
      else section.options.delete(third);
    } else if (kind === "rename") {
      section.name = third;
      section.anonymous = false;
    } else {
      result.splice(at, 1);
      result.splice(Number(third), 0, section);
    }
  }
  return result;
}

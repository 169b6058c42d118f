import { append, type UciFile } from "./file";

/** What is staged, in rpcd's words for `uci changes`; `set` of a section makes a named one. */
export type Delta =
  | ["add", section: string, type: string]
  | ["set", section: string, type: string]
  | ["set", section: string, option: string, value: string]
  | ["list-add", section: string, option: string, value: string]
  | ["remove", section: string, option?: string]
  | ["rename", section: string, name: string]
  | ["rename", section: string, option: string, name: string]
  | ["order", section: string, place: number];

/** The file with what is staged, in the order in which it was. */
export function replay(file: UciFile, deltas: readonly Delta[]): UciFile {
  const result = file.map((section) => ({
    ...section,
    options: new Map(section.options),
  }));
  for (const delta of deltas) play(result, delta);
  return result;
}

function play(file: UciFile, delta: Delta): void {
  const [kind, name, third, fourth] = delta;
  const at = file.findIndex((section) => section.name === name);
  const section = file[at];
  if (kind === "order") {
    if (section === undefined) return;
    file.splice(at, 1);
    file.splice(third, 0, section);
  } else if (kind === "add" || (kind === "set" && fourth === undefined)) {
    const anonymous = kind === "add";
    if (section) Object.assign(section, { type: third, anonymous });
    else file.push({ type: third, name, anonymous, options: new Map() });
  } else if (section === undefined) return;
  else if (kind === "remove") {
    if (third === undefined) file.splice(at, 1);
    else section.options.delete(third);
  } else if (kind === "rename" && fourth === undefined) {
    section.name = third;
    section.anonymous = false;
  } else if (kind === "rename") {
    section.options = new Map(
      [...section.options].map(([key, value]) => [
        key === third ? (fourth ?? key) : key,
        value,
      ]),
    );
  } else if (kind === "list-add") append(section, third, fourth);
  else section.options.set(third, fourth ?? "");
}

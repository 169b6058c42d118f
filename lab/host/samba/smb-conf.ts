/** A section of a configuration, parameters as they were written. */
export interface Section {
  name: string;
  parameters: [name: string, value: string][];
}

export const isSame = (left: string, right: string) =>
  left.toLowerCase() === right.toLowerCase();

/** Sections of one name are one; undefined: no file of Samba's (lib/util/tini.c). */
export function parseConfiguration(text: string): Section[] | undefined {
  const sections: Section[] = [];
  // What stands above the first section is the server's.
  let current = "global";
  for (const raw of text.replaceAll(/\\\n\s*/g, "").split("\n")) {
    const line = raw.trim();
    if (line === "" || /^[#;]/.test(line)) continue;
    if (line.startsWith("[")) {
      const [, name] = /^\[([^\]]+)\]/.exec(line) ?? [];
      if (name === undefined) return undefined;
      current = name;
      sectionOf(sections, current);
      continue;
    }
    const at = line.indexOf("=");
    // A line without "=" says nothing, and nobody complains.
    if (at < 0) continue;
    const name = line.slice(0, at).trim();
    set(sectionOf(sections, current), name, line.slice(at + 1).trim());
  }
  return sections;
}

function sectionOf(sections: Section[], name: string): Section {
  const found = sections.find((section) => isSame(section.name, name));
  if (found) return found;
  const made: Section = { name, parameters: [] };
  sections.push(made);
  return made;
}

/** In the place of what it had. */
function set({ parameters }: Section, name: string, value: string): void {
  const there = parameters.find(([other]) => isSame(other, name));
  if (there) there[1] = value;
  else parameters.push([name, value]);
}

/** One of the files below /etc/config, as libuci holds it. */
export interface UciSection {
  type: string;
  name: string;
  anonymous: boolean;
  options: Map<string, string | string[]>;
}

export type UciFile = UciSection[];

export function parseUci(text: string): UciFile {
  const file: UciFile = [];
  for (const line of text.split("\n")) {
    const [word, ...values] = words(line);
    const section = file.at(-1);
    if (word === "config") {
      const [type = "", name] = values;
      const options = new Map<string, string | string[]>();
      file.push({
        type,
        name: name ?? "",
        anonymous: name === undefined,
        options,
      });
    } else if (section && (word === "option" || word === "list")) {
      const [key = "", value = ""] = values;
      if (word === "option") section.options.set(key, value);
      else append(section, key, value);
    }
  }
  nameAnonymous(file);
  return file;
}

/** As libuci's uci_export writes it. */
export function formatUci(file: UciFile): string {
  return file
    .map(({ type, name, anonymous, options }) => {
      const head = anonymous
        ? `config ${type}`
        : `config ${type} ${quote(name)}`;
      const lines = [...options].flatMap(([key, value]) =>
        typeof value === "string"
          ? [`\toption ${key} ${quote(value)}`]
          : value.map((item) => `\tlist ${key} ${quote(item)}`),
      );
      return `\n${[head, ...lines].join("\n")}\n`;
    })
    .join("");
}

export function append(section: UciSection, key: string, value: string): void {
  const known = section.options.get(key);
  const items =
    known === undefined ? [] : typeof known === "string" ? [known] : known;
  section.options.set(key, [...items, value]);
}

/** "cfg", the section's place, and a hash of what is in it (libuci's uci_fixup_section). */
export function nameAnonymous(file: UciFile): void {
  for (const [index, section] of file.entries()) {
    if (!section.anonymous) continue;
    const hex = (value: number, width: number) =>
      value.toString(16).padStart(width, "0");
    section.name = `cfg${hex((index + 1) & 0xff, 2)}${hex(hash(section) & 0xffff, 4)}`;
  }
}

function hash({ type, options }: UciSection): number {
  let value = 5381;
  const text = [
    type,
    ...[...options].flatMap(([key, item]) => [key, ...[item].flat()]),
  ].join("");
  for (const byte of Buffer.from(text))
    value = (Math.imul(value, 33) + byte) >>> 0;
  return value;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words of a line, with its quotes and without its comment. */
function words(line: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quoted = "";
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? "";
    if (quoted) {
      if (char === quoted) quoted = "";
      else if (char === "\\" && quoted === '"') word += line[++at] ?? "";
      else word += char;
    } else if (char === "'" || char === '"') {
      quoted = char;
      word ??= "";
    } else if (char === "\\") word = (word ?? "") + (line[++at] ?? "");
    else if (/\s/.test(char)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else if (char === "#" && word === undefined) break;
    else word = (word ?? "") + char;
  }
  if (word !== undefined) found.push(word);
  return found;
}

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
  let section: UciSection | undefined;
  for (const [word, ...values] of statements(text)) {
    if (word === "config") {
      const [type = "", name = ""] = values;
      section = name ? file.find((item) => item.name === name) : undefined;
      if (section) section.type = type;
      else {
        section = { type, name, anonymous: !name, options: new Map() };
        file.push(section);
        if (!name) section.name = anonymousName(file.length, type);
      }
    } else if (section && (word === "option" || word === "list")) {
      const [key = "", value = ""] = values;
      if (word === "list") append(section, key, value);
      else if (value === "") section.options.delete(key);
      else section.options.set(key, value);
    }
  }
  return file;
}

/** As libuci's uci_export writes it. */
export function formatUci(file: UciFile): string {
  const sections = file.map(({ type, name, anonymous, options }) => {
    const head = anonymous ? `config ${type}` : `config ${type} ${quote(name)}`;
    const lines = [...options].flatMap(([key, value]) =>
      typeof value === "string"
        ? [`\toption ${key} ${quote(value)}`]
        : value.map((item) => `\tlist ${key} ${quote(item)}`),
    );
    return `\n${[head, ...lines].join("\n")}\n`;
  });
  return `${sections.join("")}\n`;
}

export function append(section: UciSection, key: string, value: string): void {
  const known = section.options.get(key);
  section.options.set(key, [...[known ?? []].flat(), value]);
}

/**
 * "cfg", how many sections there were with it, and a hash of its type: libuci
 * names it before it has any option.
 */
export function anonymousName(count: number, type: string): string {
  let hash = 5381;
  for (const byte of Buffer.from(type))
    hash = (Math.imul(hash, 33) + byte) >>> 0;
  const hex = (value: number, width: number) =>
    value.toString(16).padStart(width, "0");
  return `cfg${hex(count, 2)}${hex(hash & 0xffff, 4)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The words of each line, without quotes and comments; a quoted one may go over lines. */
function statements(text: string): string[][] {
  const found: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endLine = () => {
    endWord();
    if (words.length > 0) found.push(words);
    words = [];
  };
  let quoted = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (quoted) {
      if (char === quoted) quoted = "";
      else if (char === "\\" && quoted === '"') word += text[++at] ?? "";
      else word += char;
    } else if (char === "'" || char === '"') {
      quoted = char;
      word ??= "";
    } else if (char === "\n") endLine();
    else if (/\s/.test(char)) endWord();
    else if (char === "#" && word === undefined) {
      while (at + 1 < text.length && text[at + 1] !== "\n") at++;
    } else if (char === "\\") {
      const next = text[++at] ?? "";
      if (next !== "\n") word = (word ?? "") + next;
    } else word = (word ?? "") + char;
  }
  endLine();
  return found;
}

/**
 * Whether every change that the diff of /etc/network/interfaces shows is to one
 * of `names`: then an earlier attempt of ours has staged it. In doubt it is
 * somebody else's.
 */
export function isOnlyOurs(diff: string, names: ReadonlySet<string>): boolean {
  return blocksOf(diff).every(
    (lines) =>
      lines.every(({ sign }) => sign === " ") ||
      belongsTo(lines, names) ||
      lines.every(isFormality),
  );
}

interface Line {
  sign: string;
  text: string;
}

/** Stanzas end with an empty line; a hunk may begin within one. */
function blocksOf(diff: string): Line[][] {
  const blocks: Line[][] = [[]];
  for (const line of diff.split("\n")) {
    if (/^(---|\+\+\+) \//.test(line)) continue;
    const [sign = "", text = ""] = [line[0], line.slice(1).trim()];
    if (sign === "@" || text === "") blocks.push([]);
    else blocks.at(-1)?.push({ sign, text });
  }
  return blocks;
}

const header = /^(?:auto|iface) (\S+)/;
const marked = /^#<!-- hybrid-site owner=\S+ id=([^\s+]+)/;

function belongsTo(lines: Line[], names: ReadonlySet<string>): boolean {
  const named = lines.flatMap(({ text }) => {
    const name = header.exec(text)?.[1] ?? marked.exec(text)?.[1];
    return name === undefined ? [] : [name];
  });
  return named.length > 0 && named.every((name) => names.has(name));
}

/**
 * What PVE adds of its own when it writes the file: a card's empty stanza, its
 * start with the host when it becomes a bond's slave, and its heading.
 */
function isFormality({ sign, text }: Line): boolean {
  return (
    sign === " " ||
    /^iface \S+ inet manual$/.test(text) ||
    (sign === "+" && /^auto \S+$/.test(text)) ||
    /^#( |$)/.test(text)
  );
}

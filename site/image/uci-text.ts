import type { Section } from "../uci";

/** A file of UCI as libuci writes it. */
export function uciText(sections: readonly Section[]): string {
  return sections
    .map(({ type, section, options }) =>
      [
        `config ${type} ${quoted(section)}`,
        ...Object.entries(options).flatMap(([key, value]) =>
          Array.isArray(value)
            ? value.map((item) => `\tlist ${key} ${quoted(item)}`)
            : [`\toption ${key} ${quoted(text(value))}`],
        ),
      ].join("\n"),
    )
    .map((section) => `\n${section}\n`)
    .join("");
}

function text(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  return String(value);
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

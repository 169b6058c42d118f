export type Cell = string | number | boolean | null | readonly string[];
export interface Row {
  cells: readonly Cell[];
  children?: readonly Row[];
}

/** libsmartcols' JSON: three spaces a level, and `},{` between the rows. */
export function printJson(
  name: string,
  columns: readonly string[],
  rows: readonly Row[],
): string {
  const keys = columns.map((column) => column.toLowerCase());
  return `{\n   "${name}": ${array(keys, rows, 1)}\n}\n`;
}

function array(
  keys: readonly string[],
  rows: readonly Row[],
  depth: number,
): string {
  const indent = "   ".repeat(depth);
  if (rows.length === 0) return `[\n\n${indent}]`;
  const objects = rows.map((row) => object(keys, row, depth + 1));
  return `[\n${"   ".repeat(depth + 1)}${objects.join(",")}\n${indent}]`;
}

function object(keys: readonly string[], row: Row, depth: number): string {
  const indent = "   ".repeat(depth + 1);
  const lines = keys.map(
    (key, index) =>
      `${indent}"${key}": ${value(row.cells[index] ?? null, depth + 1)}`,
  );
  if (row.children !== undefined && row.children.length > 0)
    lines.push(`${indent}"children": ${array(keys, row.children, depth + 1)}`);
  return `{\n${lines.join(",\n")}\n${"   ".repeat(depth)}}`;
}

function value(cell: Cell, depth: number): string {
  if (cell === null || typeof cell !== "object") return JSON.stringify(cell);
  if (cell.length === 0) return "[]";
  const indent = `${"   ".repeat(depth)} `;
  const items = cell.map((item) => `${indent}   ${JSON.stringify(item)}`);
  return `[\n${items.join(",")}\n${"   ".repeat(depth)}]`;
}

export interface TextOptions {
  headings: boolean;
  /** The column that shows the tree. */
  tree?: number;
  right?: readonly number[];
  raw?: boolean;
}

/** Columns as wide as they must be, and one blank between them. */
export function printText(
  columns: readonly string[],
  rows: readonly Row[],
  { headings, raw, right = [], tree }: TextOptions,
): string {
  const lines: string[][] = headings ? [[...columns]] : [];
  const walk = (row: Row, prefix: string, branch: string): void => {
    lines.push(
      row.cells.map((cell, index) =>
        index === tree ? `${prefix}${branch}${text(cell)}` : text(cell),
      ),
    );
    const below =
      branch === "" ? prefix : `${prefix}${branch === "`-" ? "  " : "| "}`;
    const children = row.children ?? [];
    for (const [index, child] of children.entries())
      walk(child, below, index === children.length - 1 ? "`-" : "|-");
  };
  for (const row of rows) walk(row, "", "");
  const widths = columns.map((_, index) =>
    Math.max(0, ...lines.map((line) => line[index]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, index) => {
          if (raw) return cell.replaceAll(" ", "\\x20");
          if (right.includes(index)) return cell.padStart(widths[index] ?? 0);
          const isLast = index === line.length - 1;
          return isLast ? cell : cell.padEnd(widths[index] ?? 0);
        })
        .join(" "),
    )
    .map((line) => `${line}\n`)
    .join("");
}

export function text(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "boolean") return cell ? "1" : "0";
  return typeof cell === "object" ? cell.join("\n") : String(cell);
}

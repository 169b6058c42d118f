/** As ZFS shortens numbers for people: three digits and a unit. */
export function nice(value: number | bigint, unit: "" | "B" = ""): string {
  let number = Number(value);
  if (number < 1024) return `${number}${unit}`;
  let index = 0;
  let divisor = 1;
  while (number / divisor >= 1024 && index < 6) {
    divisor *= 1024;
    index++;
  }
  const suffix = ["", "K", "M", "G", "T", "P", "E"][index] ?? "";
  number /= divisor;
  if (Number.isInteger(number)) return `${number}${suffix}`;
  for (const digits of [2, 1, 0]) {
    const text = number.toFixed(digits);
    if (text.length <= 4) return `${text}${suffix}`;
  }
  return `${number.toFixed(0)}${suffix}`;
}

export const niceBytes = (value: number | bigint) => nice(value, "B");

/** "Tue Nov 25 13:42:41 2026", with the day padded by a space. */
export function ctime(ms: number): string {
  const date = new Date(ms);
  const day = `${date.getDate()}`.padStart(2, " ");
  const [weekday, month] = date.toDateString().split(" ");
  return `${weekday} ${month} ${day} ${clock(date)} ${date.getFullYear()}`;
}

function clock(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => `${part}`.padStart(2, "0"))
    .join(":");
}

/** "Tue Nov 25 13:42 2026": how zfs shows the creation. */
export function creationText(seconds: number): string {
  const date = new Date(seconds * 1_000);
  const day = `${date.getDate()}`.padStart(2, " ");
  const [weekday, month] = date.toDateString().split(" ");
  const time = clock(date).slice(0, 5).replace(/^0/, " ");
  return `${weekday} ${month} ${day} ${time} ${date.getFullYear()}`;
}

/** "00:00:02", "3 days 00:00:02". */
export function duration(seconds: number): string {
  const total = Math.floor(seconds);
  const days = Math.floor(total / 86_400);
  const text = [
    Math.floor(total / 3_600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ]
    .map((part) => `${part}`.padStart(2, "0"))
    .join(":");
  return days > 0 ? `${days} days ${text}` : text;
}

/** "1.5G" in bytes; undefined: not a number of ZFS. */
export function parseSize(text: string): bigint | undefined {
  const [, digits, unit] =
    /^(\d+(?:\.\d+)?)([kmgtpe]?)(?:i?b)?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const power = "bkmgtpe".indexOf((unit || "b").toLowerCase());
  const factor = 1024n ** BigInt(power);
  if (!digits.includes(".")) return BigInt(digits) * factor;
  return BigInt(Math.floor(Number(digits) * Number(factor)));
}

export interface Column {
  title: string;
  align?: "right";
}

/** Columns two spaces apart, or a tab apart and without titles. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  scripted: boolean,
): string {
  if (scripted) return rows.map((row) => `${row.join("\t")}\n`).join("");
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `${cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        const right = columns[index]?.align === "right";
        if (right) return cell.padStart(width);
        return index === cells.length - 1 ? cell : cell.padEnd(width);
      })
      .join("  ")}\n`;
  return [columns.map(({ title }) => title), ...rows].map(line).join("");
}

import { readFileSync } from "node:fs";

const rows = readFileSync("docs/proxmox-complaints.md", "utf8")
  .split("\n")
  .filter((line) => /^\| \d/.test(line));
const lines = (file: string) =>
  readFileSync(`test/proxmox/${file}`, "utf8").replaceAll("\\", "");

test("each of the 21 complaints has its row", () => {
  const numbers = rows.map((row) => Number(row.split("|")[1]));
  expect(numbers).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
});

test.each(rows.map((row) => [row.split("|")[2]?.trim(), row]))(
  'the tests that answer "%s" exist',
  (_complaint, row) => {
    const cell = row.split("|").at(-2) ?? "";
    const parts = cell.split(/`([\w.-]+\.test\.ts)`:/).slice(1);
    const named = parts.flatMap((part, index) =>
      index % 2 === 0
        ? [...(parts[index + 1] ?? "").matchAll(/"([^"]+)"/g)].map(
            ([, title]) => [part, title ?? ""] as const,
          )
        : [],
    );
    expect(named.length).toBeGreaterThan(0);
    const missing = named.filter(
      ([file, title]) => !lines(file).includes(`"${title}"`),
    );
    expect(missing).toEqual([]);
  },
);

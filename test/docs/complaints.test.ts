import { readFileSync } from "node:fs";
import ts from "typescript";

const rows = readFileSync("docs/proxmox-complaints.md", "utf8")
  .split("\n")
  .filter((line) => /^\| \d/.test(line));
/** Titles of a file's tests, and the names of the cases that `test.each` runs them with. */
function titles(file: string): Set<string> {
  const path = `test/proxmox/${file}`;
  const source = ts.createSourceFile(
    path,
    readFileSync(path, "utf8"),
    ts.ScriptTarget.Latest,
  );
  const found = new Set<string>();
  const add = (node: ts.Node | undefined) => {
    if (node && ts.isStringLiteralLike(node)) found.add(node.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression;
      if (callee.getText(source) === "test") add(node.arguments[0]);
      if (
        ts.isCallExpression(callee) &&
        callee.expression.getText(source) === "test.each"
      ) {
        add(node.arguments[0]);
        let table: ts.Node | undefined = callee.arguments[0];
        if (table && ts.isAsExpression(table)) table = table.expression;
        const rows =
          table && ts.isArrayLiteralExpression(table) ? table.elements : [];
        for (const row of rows)
          if (ts.isArrayLiteralExpression(row)) add(row.elements[0]);
      }
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

test("each of the 21 complaints has its row", () => {
  const numbers = rows.map((row) => Number(row.split("|")[1]));
  expect(numbers).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
});

const repositories: Record<string, string> = {
  bpg: "bpg/terraform-provider-proxmox",
  Telmate: "Telmate/terraform-provider-proxmox",
  Ansible: "ansible-collections/community.proxmox",
};

test("each place where a complaint was seen is a link to just that", () => {
  for (const row of rows) {
    for (const group of (row.split("|")[3] ?? "").split(";")) {
      const [name = "", ...rest] = group.trim().split(" ");
      const wrong = rest.filter((text) => {
        const [, shown, where, number] =
          /^\[(\d+)\]\(https:\/\/github\.com\/(.+)\/issues\/(\d+)\),?$/.exec(
            text,
          ) ?? [];
        return (
          shown === undefined ||
          shown !== number ||
          where !== repositories[name]
        );
      });
      expect(wrong).toEqual([]);
    }
  }
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
    const missing = named.filter(([file, title]) => !titles(file).has(title));
    expect(missing).toEqual([]);
  },
);

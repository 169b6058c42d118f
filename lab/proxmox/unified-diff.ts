/** `diff -u` of two texts, without the lines that name the files; "" when they are the same. */
export function unifiedDiff(before: string, after: string): string {
  const edits = editsOf(before.split("\n"), after.split("\n"));
  const changed = edits.flatMap(({ sign }, at) => (sign === " " ? [] : [at]));
  const hunks: [from: number, to: number][] = [];
  for (const at of changed) {
    const [from, to] = [Math.max(0, at - context), at + context + 1];
    const last = hunks.at(-1);
    if (last && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  }
  return hunks.map(([from, to]) => print(edits, from, to)).join("");
}

interface Edit {
  sign: " " | "-" | "+";
  line: string;
}

const context = 3;

function print(edits: Edit[], from: number, to: number): string {
  const hunk = edits.slice(from, to);
  const count = (list: Edit[], sign: string) =>
    list.filter((edit) => edit.sign !== sign).length;
  const start = (sign: string) => count(edits.slice(0, from), sign) + 1;
  const head = `@@ -${start("+")},${count(hunk, "+")} +${start("-")},${count(hunk, "-")} @@\n`;
  return head + hunk.map(({ sign, line }) => `${sign}${line}\n`).join("");
}

/** By the longest common subsequence. */
function editsOf(before: string[], after: string[]): Edit[] {
  const width = after.length + 1;
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number) =>
    longest[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      longest[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const edits: Edit[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [old, now] = [before[row], after[column]];
    if (old !== undefined && old === now) {
      edits.push({ sign: " ", line: old });
      row++;
      column++;
    } else if (
      old !== undefined &&
      (now === undefined || at(row + 1, column) >= at(row, column + 1))
    ) {
      edits.push({ sign: "-", line: old });
      row++;
    } else {
      edits.push({ sign: "+", line: now ?? "" });
      column++;
    }
  }
  return edits;
}

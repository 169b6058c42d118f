import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { quote } from "../../providers/host/client/quote";
import { testWith } from "../support/tool";

const word = fc.oneof(
  fc.string({ unit: "binary-ascii" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "$(reboot)",
    "`reboot`",
    "a'b",
    "\\",
    "",
    "-n",
    "!!",
    "~",
    "*",
    "a\nb",
    ";#&|<>",
  ),
);
const words = fc.array(
  word.filter((text) => !text.includes("\0")),
  { minLength: 1, maxLength: 6 },
);

/** Each word as its own bytes, as the shell hands it to a program. */
function split(shell: string, line: string): string[] {
  const script = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
  const command = `${quote([process.execPath, "-e", script, "--"])} ${line}`;
  const out = execFileSync(shell, ["-c", command], { encoding: "utf8" });
  return JSON.parse(out) as string[];
}

describe.each(["sh", "bash", "dash"])("%s", (shell) => {
  testWith(shell, "-c", "true")(
    "any words come out of the shell as they went in",
    () => {
      fc.assert(
        fc.property(words, (given) => {
          expect(split(shell, quote(given as [string]))).toEqual(given);
        }),
        { numRuns: 40 },
      );
    },
    60_000,
  );
});

test("what no argument can hold is refused, not cut short", () => {
  expect(() => quote(["a\0b"])).toThrow(/NUL/);
});

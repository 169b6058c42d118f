import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { isPlain, plainWords } from "../../lab/host/plain";

const quoted = fc
  .array(
    fc.constantFrom("a", "$x", "&&", "env", " ", "\n", '"', "\\", "*", "é"),
  )
  .map((pieces) => `'${pieces.join("")}'`);
const bare = fc.constantFrom(
  "a",
  "%s",
  "@",
  "+1",
  "x:y",
  "k=v",
  "/dev/sda",
  "-n",
);
const word = fc
  .array(fc.oneof(quoted, bare, fc.constant("\\'")), { minLength: 1 })
  .map((pieces) => pieces.join(""));
const command = fc.array(word).map((words) => ["env", ...words].join(" "));
const line = fc
  .array(command, { minLength: 1, maxLength: 3 })
  .map((commands) => commands.join(" && "));

test("plain lines are split as a real shell splits them", () => {
  fc.assert(
    fc.property(line, (text) => {
      expect(isPlain(text)).toBe(true);
      const show = `env() { printf '%s\\0' "$#" "$@"; }\n${text}`;
      const { stdout } = spawnSync("/bin/sh", ["-c", show], {
        encoding: "utf8",
      });
      const ours = plainWords(text)
        .flatMap((words) => [String(words.length), ...words])
        .map((item) => `${item}\0`);
      expect(stdout).toBe(ours.join(""));
    }),
  );
});

test.each([
  "env a; env b",
  "env a | env b",
  "env a > b",
  "env $HOME",
  "env `id`",
  "env a || env b",
  "env a &",
  'env "a"',
  "env a\nenv b",
  "env *",
  "env ~",
  "env #",
  "ls",
  "env 'a",
])("%j is for a real shell", (text) => {
  expect(isPlain(text)).toBe(false);
});

import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Journal } from "../../lab/proxmox/journal";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hybrid-site-journal-"));
  file = join(directory, "world.jsonl");
});
afterEach(() => rmSync(directory, { recursive: true }));

/** With what it has read, and a way to change it. */
function open() {
  const held = new Map<string, unknown>();
  const journal = new Journal(file, () =>
    [...held].map(([key, value]) => ({ kind: "guests", key, value })),
  );
  journal.read(({ key, value }) => held.set(key, value));
  const set = (key: string, value: unknown) => {
    held.set(key, value);
    journal.add({ kind: "guests", key, value });
    journal.flush();
  };
  return { held, set };
}

test("who looks while another writes takes nothing away from them", () => {
  const writer = open();
  writer.set("a", 1);
  expect(open().held).toEqual(new Map([["a", 1]]));
  writer.set("b", 2);
  expect(open().held).toEqual(
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
  );
});

test("a last line that a loss of power cut is left out, and joined to no later one", () => {
  open().set("a", 1);
  appendFileSync(file, '{"kind":"guests","key":"b","va');
  open().set("c", 3);
  expect([...open().held.keys()]).toEqual(["a", "c"]);
});

test("the first who writes leaves one line for each object", () => {
  const lines = [1, 2, 3].map((value) =>
    JSON.stringify({ kind: "guests", key: "a", value }),
  );
  writeFileSync(file, `${lines.join("\n")}\n`);
  open().set("b", 1);
  expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(2);
});

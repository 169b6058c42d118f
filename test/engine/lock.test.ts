import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { withLock } = require("../../engine/lock.cjs") as {
  withLock: <T>(
    file: string,
    what: string,
    work: () => Promise<T>,
  ) => Promise<T>;
};
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hybrid-site-lock-"));
  file = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("two that run at once go one after the other", async () => {
  jest.spyOn(console, "error").mockImplementation();
  let running = 0;
  const most: number[] = [];
  const work = async () => {
    most.push(++running);
    await new Promise((resolve) => setTimeout(resolve, 50));
    running--;
  };
  await Promise.all([
    withLock(file, "build", work),
    withLock(file, "build", work),
  ]);
  expect(most).toEqual([1, 1]);
  expect(console.error).toHaveBeenCalledWith(
    "Waiting for another build to end...",
  );
  expect(existsSync(file)).toBe(false);
});

test("a dead holder's lock is taken over", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(file, String(pid));
  await expect(withLock(file, "build", async () => "done")).resolves.toBe(
    "done",
  );
});

test("a failure releases the lock", async () => {
  await expect(
    withLock(file, "build", () => Promise.reject(new Error("no"))),
  ).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
});

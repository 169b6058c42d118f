import { spawn } from "node:child_process";
import { watchTree } from "../../bench/measure";

/** A shell that waits for a busy child with 60 MiB of its own. */
const work = `
  const block = Buffer.alloc(60 * 2 ** 20, 1);
  const used = () => process.cpuUsage().user + process.cpuUsage().system;
  while (used() < 800_000) for (let index = 0; index < 1e6; index++) block[index]++;
`;

test("time and memory are those of the whole tree", async () => {
  const child = spawn("sh", [
    "-c",
    `"$0" --eval "$1"; true`,
    process.execPath,
    work,
  ]);
  const watch = watchTree(child.pid ?? 0);
  await new Promise((done) => child.on("close", done));
  const { cpuSeconds, rssMiB } = watch.stop();
  expect(cpuSeconds).toBeGreaterThanOrEqual(0.75);
  expect(cpuSeconds).toBeLessThan(2);
  expect(rssMiB).toBeGreaterThan(90);
  expect(rssMiB).toBeLessThan(400);
});

import { setTimeout as sleep } from "node:timers/promises";
import { descendants, LabCommand } from "../support/lab-command";
import { writeSite } from "../support/small-site";

jest.setTimeout(120_000);

const lab = new LabCommand({ LAB_LATENCY_MS: "15", LAB_TASK_MS: "120" });
const expected = [
  "ml110/reverse-proxy running",
  "ml110/ubuntu-24.04 template",
  "router-server/openwrt running",
];

beforeAll(() => {
  process.env.LAB_MANIFEST = writeSite(lab.folder, [
    "openwrt",
    "reverse-proxy",
  ]);
});
afterAll(() => {
  delete process.env.LAB_MANIFEST;
  lab.remove();
});

/** Every second request from first to last of a whole run, the engine and the provider in turn. */
const points = Array.from(
  { length: 20 },
  (_, index) =>
    [
      1 + Math.floor(index * 1.5),
      index % 2 === 0 ? "engine" : "provider",
    ] as const,
);

test.each(points)(
  "killed at request %d (the %s), the next run completes, once and without a warning",
  async (count, victim) => {
    await lab.run("reset");
    lab.forgetRequests();
    const { child, ended } = lab.start("up", "--yes", "--skip-preview");
    const word = victim === "engine" ? "/bin/pulumi up" : "dynamic-provider";
    let killed = 0;
    const done = ended.then(() => true);
    while (killed === 0) {
      if (lab.requests().length >= count) {
        for (const pid of descendants(child.pid ?? 0, word)) {
          process.kill(pid, "SIGKILL");
          killed++;
        }
      }
      if (await Promise.race([done, sleep(3).then(() => false)])) break;
    }
    expect(killed).toBeGreaterThan(0);
    expect((await ended).code).not.toBe(0);
    const again = await lab.run("up", "--yes", "--skip-preview");
    expect([again.code, again.output]).toEqual([
      0,
      expect.not.stringMatching(/warning|pending|locked/i),
    ]);
    expect(lab.guests()).toEqual(expected);
  },
);

test("after all that a preview is quiet", async () => {
  const { code, output } = await lab.run("preview", "--expect-no-changes");
  expect([code, output]).toEqual([0, expect.not.stringMatching(/warning/i)]);
});

import { setTimeout as sleep } from "node:timers/promises";
import { descendants, LabCommand } from "../support/lab-command";
import { writeSite } from "../support/small-site";

jest.setTimeout(120_000);

const lab = new LabCommand({ LAB_LATENCY_MS: "15", LAB_TASK_MS: "120" });
const up = ["up", "--yes", "--skip-preview"];
const expected = [
  "ml110/reverse-proxy running",
  "ml110/ubuntu-24.04 template",
  "router-server/openwrt running",
];
const points = 20;
/** In the router's window, while a change waits for its proof and confirmation. */
const inWindow = points - 1;
/** How often hosts and router are asked for news differs by some from run to run. */
const sure = 0.95;
const asked = () => lab.requests().length + lab.calls().length;
const isApplied = () =>
  lab
    .calls()
    .some(({ object, method }) => `${object} ${method}` === "uci apply");
/** Of a run that nobody disturbs: how many requests it takes, and what is there then. */
let whole: { requests: number; volumes: string[] };

beforeAll(async () => {
  process.env.LAB_MANIFEST = writeSite(lab.folder, [
    "openwrt",
    "reverse-proxy",
  ]);
  expect((await lab.run(...up)).code).toBe(0);
  whole = { requests: asked(), volumes: lab.volumes() };
});
afterAll(() => {
  delete process.env.LAB_MANIFEST;
  lab.remove();
});

/** From the first request of a whole run to the last, the engine and the provider in turn. */
const cases = Array.from(
  { length: points },
  (_, index) => [index, index % 2 === 0 ? "engine" : "provider"] as const,
);

test.each(cases)(
  "killed at point %d of twenty (the %s), the next run completes, once and without a warning",
  async (index, victim) => {
    const last = Math.floor(whole.requests * sure);
    const count = 1 + Math.round((index * (last - 1)) / (points - 1));
    const isReached = () =>
      index === inWindow ? isApplied() : asked() >= count;
    await lab.run("reset");
    lab.forgetRequests();
    const { child, ended } = lab.start(...up);
    const word = victim === "engine" ? "/bin/pulumi up" : "dynamic-provider";
    let killed = 0;
    const done = ended.then(() => true);
    while (killed === 0) {
      if (isReached()) {
        for (const pid of descendants(child.pid ?? 0, word)) {
          process.kill(pid, "SIGKILL");
          killed++;
        }
      }
      if (await Promise.race([done, sleep(3).then(() => false)])) break;
    }
    expect(killed).toBeGreaterThan(0);
    expect((await ended).code).not.toBe(0);
    const again = await lab.run(...up);
    expect([again.code, again.output]).toEqual([
      0,
      expect.not.stringMatching(/warning|pending operation|locked/i),
    ]);
    expect(lab.guests()).toEqual(expected);
    expect(lab.volumes()).toEqual(whole.volumes);
    expect(lab.calls().at(-1)).toMatchObject({ method: "confirm" });
  },
);

test("after all that a preview is quiet", async () => {
  const { code, output } = await lab.run("preview", "--expect-no-changes");
  expect([code, output]).toEqual([0, expect.not.stringMatching(/warning/i)]);
});

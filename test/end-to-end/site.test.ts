import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { published } from "../fixtures/pve-api";
import { LabCommand, root } from "../support/lab-command";
import { problemsOf } from "../support/published-schema";

jest.setTimeout(180_000);

const lab = new LabCommand();
const tracked = () =>
  execFileSync("git", ["status", "--porcelain"], {
    cwd: root,
    encoding: "utf8",
  });
const before = tracked();
const everyGuest = [
  "ml110/ci-runner running",
  "ml110/reverse-proxy running",
  "ml110/ubuntu-24.04 template",
  "r630/k3s running",
  "r630/observability running",
  "r630/ubuntu-24.04 template",
  "router-server/openwrt running",
  "router-server/tunnel running",
  "router-server/ubuntu-24.04 template",
];
afterAll(() => lab.remove());

const everyToken: string[] = [];
const tokens = () => lab.tokens();

test("the first command makes the site and tells what is there and what to try", async () => {
  const { code, output } = await lab.run();
  expect(code).toBe(0);
  expect(lab.guests()).toEqual(everyGuest);
  expect(output).toContain(
    "All of it is described in environments/dev.yaml. Three things to try next:",
  );
  expect(invalid()).toEqual([]);
});

test("the second changes nothing", async () => {
  const { code, output } = await lab.run();
  expect(code).toBe(0);
  expect(output).toMatch(/Resources:\s+\d+ unchanged/);
  // The early start of the providers asks for a function that none has.
  expect(output).not.toMatch(/function/i);
  expect((await lab.run("preview", "--expect-no-changes")).code).toBe(0);
});

test("a refresh is quiet, in one request a guest, bridge, mapping, storage and option of a node, and one list a host", async () => {
  lab.forgetRequests();
  const { code, output } = await lab.run("refresh", "--yes", "--skip-preview");
  expect(code).toBe(0);
  expect(output).toMatch(/Resources:\s+\d+ unchanged/);
  expect(lab.requests().length).toBeLessThanOrEqual(9 + 3 + 1 + 5 + 5 + 2 * 3);
});

test("state is small: under 3 kB a machine", () => {
  const text = readFileSync(
    join(lab.directory, "state/.pulumi/stacks/hybrid-site/dev.json"),
    "utf8",
  );
  const { checkpoint } = JSON.parse(text) as {
    checkpoint: { latest: { resources: { type: string }[] } };
  };
  for (const resource of checkpoint.latest.resources.filter(({ type }) =>
    type.endsWith("VirtualMachine"),
  )) {
    // Stack traces name files by their way from the lab's folder, which is far away here.
    const text = JSON.stringify(resource).replaceAll(
      /project:[^"]*?\/(?=providers|components|node_modules|index\.ts)/g,
      "project:///../",
    );
    expect(text).toContain("project:///../index.ts");
    expect(text.length).toBeLessThan(3_000);
  }
});

test("drift is seen by a refresh and mended by the next run", async () => {
  expect((await lab.run("drift", "set", "k3s", "memory", "1024")).code).toBe(0);
  expect((await lab.run("refresh", "--yes")).output).toMatch(/~ 1 updated/);
  expect((await lab.run("preview", "--expect-no-changes")).code).not.toBe(0);
  expect((await lab.run()).output).toMatch(/~ 1 updated/);
  expect((await lab.run("preview", "--expect-no-changes")).code).toBe(0);
});

test("a guest that somebody deleted comes back", async () => {
  await lab.run("drift", "delete", "tunnel");
  await lab.run("refresh", "--yes");
  expect((await lab.run()).code).toBe(0);
  expect(lab.guests()).toEqual(everyGuest);
});

test("a rotated token changes no resource, and refresh works with the new one", async () => {
  everyToken.push(...tokens());
  await lab.run("fault", "rotate-token", "r630");
  everyToken.push(...tokens());
  expect((await lab.run("preview", "--expect-no-changes")).code).toBe(0);
  const { code, output } = await lab.run("refresh", "--yes");
  expect([code, output]).toEqual([
    0,
    expect.stringMatching(/Resources:\s+\d+ unchanged/),
  ]);
});

test("a moved endpoint changes no resource, and refresh works at the new address", async () => {
  const address = () => /https:\/\/127[\d.:]+/.exec(stackFile())?.[0];
  const before = address();
  // The lab's own place is taken: it has to listen elsewhere.
  const [, place] = /127\.(\d+)\./.exec(before ?? "") ?? [];
  writeFileSync(join(lab.directory, "place"), `${Number(place) + 1}`);
  expect((await lab.run("preview", "--expect-no-changes")).code).toBe(0);
  expect((await lab.run("refresh", "--yes")).code).toBe(0);
  expect([before, address()]).toEqual([
    expect.stringContaining(`https://127.${place}.`),
    expect.not.stringContaining(`https://127.${place}.`),
  ]);
});

test("no token is in state, event or file while the site is up", leaksNothing);

test("plain pulumi works with what env prints, beside a lab that is up", async () => {
  const { child, ended } = lab.start("serve");
  await new Promise<void>((resolve, reject) => {
    child.on("close", () => reject(new Error("the lab has ended")));
    child.stdout?.on("data", (data: Buffer) => {
      if (data.toString().includes("PROXMOX_VE_API_TOKEN_ROUTER_SERVER"))
        resolve();
    });
  });
  const script = `eval "$(node --require tsx/cjs lab/main.ts env 2>/dev/null)" && node "${root}/node_modules/pulumi/run.js" preview --expect-no-changes`;
  const { status, stdout } = spawnSync("bash", ["-c", script], {
    cwd: root,
    env: lab.environment,
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([0, expect.stringContaining("unchanged")]);
  child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
});

test("destroy leaves what is marked keep, and nothing else", async () => {
  expect((await lab.run("destroy", "--yes")).code).toBe(0);
  expect(lab.guests()).toEqual(["r630/kept-observability stopped"]);
  expect(invalid()).toEqual([]);
});

test("orphans lists what was kept, and who it belongs to", async () => {
  const { code, output } = await lab.run("orphans");
  expect([code, output]).toEqual([
    0,
    expect.stringMatching(
      /r630: guest \d+ "kept-observability" of \S+\/VirtualMachine\/observability\n(router-server: (pool|dataset) "\S+" of \S+\n)+\d+ carry/,
    ),
  ]);
});

test(
  "no token is in what was printed, recorded, or in any file of the stack",
  leaksNothing,
);

test("no tracked file has changed", () => {
  expect(tracked()).toBe(before);
});

test("reset forgets it all", async () => {
  expect((await lab.run("reset")).code).toBe(0);
  expect(() => statSync(lab.directory)).toThrow("ENOENT");
});

/** Of what the hosts were sent, against the API that Proxmox publishes. */
function invalid(): string[] {
  const sent = lab.requests();
  expect(sent.length).toBeGreaterThan(50);
  return sent.flatMap((request) => problemsOf(published, request));
}

/** Of all tokens that there were, in everything but the simulator's own world. */
function leaksNothing() {
  const canaries = new Set([...everyToken, ...tokens()]);
  expect(canaries.size).toBe(5);
  const files = [
    join(lab.directory, "state"),
    lab.record,
    join(lab.directory, "Pulumi.dev.yaml"),
  ].flatMap(filesOf);
  expect(files.length).toBeGreaterThan(5);
  // What "serve" prints for other clients is meant to hold them.
  const printed = lab.printed.replaceAll(/^export PROXMOX_VE_.*$/gm, "");
  const places = [
    ["what was printed", printed],
    ...files.map((file) => [file, readFileSync(file, "utf8")]),
  ] as const;
  const found = places.flatMap(([place, text = ""]) =>
    [...canaries].some((canary) => text.includes(canary)) ? [place] : [],
  );
  expect(found).toEqual([]);
}

function stackFile(): string {
  return readFileSync(join(lab.directory, "Pulumi.dev.yaml"), "utf8");
}

function filesOf(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}

import { spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLab } from "../../bench/lab";
import { readOptions } from "../../bench/options";
import { type Result, readResult } from "../../bench/report";
import { root } from "../support/lab-command";

jest.setTimeout(240_000);

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Without blocking: a lab of this process may have to answer it. */
function bench(words: string[], settings: object = {}): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ["--require", "tsx/cjs", "bench/main.ts", ...words],
    { cwd: root, env: { ...process.env, ...settings } },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  return new Promise((done) =>
    child.on("close", (code) => done({ code, stdout, stderr })),
  );
}

const phases = ["apply", "applyWithPreview", "refresh", "destroy"] as const;
const quick = ["--vms", "3", "--latency", "0", "--task", "20"];

test("the last line of a run is its result, after a table", async () => {
  const { code, stdout, stderr } = await bench(quick);
  expect(stderr).toMatch(/^apply: [\d.]+ s\nrefresh: /);
  const result = readResult(stdout, "stdout");
  expect(result).toMatchObject({
    vms: 3,
    parallel: 10,
    completed: 3,
    orphans: 0,
    faults: 0,
  });
  for (const phase of phases) {
    expect(result[phase]?.seconds).toBeGreaterThan(0.2);
    expect(result[phase]?.cpuSeconds).toBeGreaterThan(0.2);
    expect(result[phase]?.rssMiB).toBeGreaterThan(50);
    expect(result[phase]?.requestsPerVm).toBeGreaterThan(0);
  }
  // A clone, its settings, its start; a shutdown and a deletion.
  expect(result.apply.requestsPerVm).toBeGreaterThanOrEqual(3);
  expect(result.destroy.requestsPerVm).toBeGreaterThanOrEqual(2);
  expect(stdout).toMatch(/^\| 3 VMs +\| +apply \| apply with preview \|/);
  expect(code).toBe(0);
});

test.each(["596-before", "596-lost", "lock-timeout", "reset"])(
  "with fault %s no guest is missing and none is left over",
  async (kind) => {
    const faults = ["--fault", kind, "--rate", "0.15", "--seed", "7"];
    const { stdout } = await bench([...quick, ...faults, "--json"]);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    const result = readResult(stdout, "stdout");
    expect(result).toMatchObject({ vms: 3, completed: 3, orphans: 0 });
    expect(result.faults).toBeGreaterThan(0);
    expect(result.applyWithPreview).toBeNull();
  },
);

describe("an endpoint that is up already", () => {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), "hybrid-site-"));
  let lab: Awaited<ReturnType<typeof startLab>>;
  beforeAll(async () => {
    const options = readOptions(quick);
    if (options === undefined) throw new Error("no options");
    lab = await startLab(directory, options);
  });
  afterAll(async () => {
    await lab.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const words = () => [
    ...["--vms", "1", "--json", "--endpoint"],
    lab.target.endpoint.url,
  ];

  test("is used with the environment's credentials, and left as it was", async () => {
    const { token = "" } = lab.target.credential as { token?: string };
    const before = lab.requests();
    const { code, stdout, stderr } = await bench(words(), {
      PROXMOX_VE_API_TOKEN: token,
    });
    expect(stderr).toContain("Pinned for this run what https://127.0.0.1:");
    const result: Result = readResult(stdout, "stdout");
    expect(result).toMatchObject({ vms: 1, completed: 1, orphans: 0 });
    expect(result.faults).toBeNull();
    expect(result.apply.requestsPerVm).toBeNull();
    expect(code).toBe(0);
    expect(lab.requests() - before).toBeGreaterThan(10);
    expect(stdout + stderr).not.toContain(token.split("=")[1]);
  });

  test("that is not the pinned one is sent no credentials", async () => {
    const before = lab.requests();
    const { code, stdout, stderr } = await bench(words(), {
      PROXMOX_VE_API_TOKEN: "site@pve!hybrid=secret",
      PROXMOX_VE_FINGERPRINT: Array(32).fill("AA").join(":"),
    });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain("is not the host it should be");
    expect(lab.requests()).toBe(before);
  });

  test("needs credentials, and a CA or a pin where it is not on this machine", async () => {
    const without = await bench(words());
    expect(without.code).toBe(1);
    expect(without.stderr).toContain("Set PROXMOX_VE_API_TOKEN");
    const far = await bench(["--endpoint", "https://pve.example:8006"], {
      PROXMOX_VE_API_TOKEN: "site@pve!hybrid=secret",
    });
    expect(far.code).toBe(1);
    expect(far.stderr).toContain(
      "Set PROXMOX_VE_CA_FILE or PROXMOX_VE_FINGERPRINT",
    );
  });
});

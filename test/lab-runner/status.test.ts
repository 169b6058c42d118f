import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LabCommand } from "../support/lab-command";

const lab = new LabCommand({ LAB_RECORD: "" });
afterAll(() => lab.remove());

const dev = readFileSync("environments/dev.yaml", "utf8");

test("status shows the hosts and the router's lines, and makes no stack", async () => {
  const { code, output } = await lab.run("status");
  expect(code).toBe(0);
  expect(output).toMatch(
    /Site "dev" on 3 Proxmox VE hosts:[\s\S]*Lines of router "openwrt":\n {2}spectrum1 +wan1 +not configured\n {2}spectrum2 +wan2 +/,
  );
  expect(() => readFileSync(join(lab.directory, "Pulumi.dev.yaml"))).toThrow(
    "ENOENT",
  );
}, 60_000);

test("check checks the lab's own manifest", async () => {
  mkdirSync(lab.folder, { recursive: true });
  const file = join(lab.folder, "other.yaml");
  writeFileSync(file, dev.replace("vlan: 50", "vlan: 40"));
  const other = new LabCommand({ LAB_MANIFEST: file });
  const { code, output } = await other.run("check");
  other.remove();
  expect([code, output]).toEqual([
    1,
    expect.stringContaining(`${file}: 1 problem\nx VLAN id "40" is used twice`),
  ]);
}, 60_000);

test("a misspelt verb of the lab's is told before anything starts", async () => {
  const { code, output } = await lab.run("fualt", "list");
  expect([code, output.trim()]).toEqual([
    1,
    'Unable to run "fualt": neither the lab nor Pulumi has it, did you mean "fault"?',
  ]);
}, 60_000);

test("faults are listed and cleared, and lines bent, while the manifest has problems", async () => {
  const broken = join(lab.folder, "broken.yaml");
  writeFileSync(broken, dev.replace("vlan: 50", "vlan: 40"));
  const other = new LabCommand({ LAB_MANIFEST: broken, LAB_RECORD: "" });
  const { folder } = other;
  other.directory = lab.directory;
  const told = async (...words: string[]) => {
    const { output } = await other.run(...words);
    return output.trim();
  };
  expect(await told("fault", "wan", "spectrum2", "cut")).toBe(
    "line spectrum2 (eth2) is cut",
  );
  expect(await told("fault", "router", "frozen")).toContain(
    '{"kind":"frozen","count":1}',
  );
  expect((await told("fault", "list")).split("\n")).toEqual([
    '{"kind":"frozen","count":1}',
    '{"line":"spectrum2","device":"eth2","state":"cut"}',
  ]);
  expect(await told("fault", "wan", "spectrm2", "cut")).toBe(
    'Unable to bend line "spectrm2": there is none, there are spectrum1, spectrum2, spectrum3, spectrum4.',
  );
  expect(await told("fault", "clear")).toBe("no faults");
  expect(await told("drift", "openwrt", "network")).toMatch(
    /^Unable to drift "network" of the router: say which section, as in network\.SECTION/,
  );
  expect(await told("drift", "openwrt", "network.management.bogus")).toMatch(
    /network\.management has no option "bogus", there are device/,
  );
  expect(await told("reset")).toContain("forgotten");
  other.directory = join(folder, "lab");
  other.remove();
}, 120_000);

test("a machine of a lab that is up is bent while the manifest has problems", async () => {
  const broken = join(lab.folder, "broken.yaml");
  writeFileSync(broken, dev.replace("vlan: 50", "vlan: 40"));
  const { child, ended } = lab.start("serve");
  await new Promise<void>((resolve, reject) => {
    child.on("close", () => reject(new Error("the lab has ended")));
    child.stdout?.on("data", () => resolve());
  });
  const other = new LabCommand({ LAB_MANIFEST: broken, LAB_RECORD: "" });
  const { directory } = other;
  other.directory = lab.directory;
  const bent = await other.run("fault", "host", "r630", "list");
  expect([bent.code, bent.output.trim()]).toEqual([0, "no faults"]);
  other.directory = directory;
  other.remove();
  child.kill("SIGTERM");
  await ended;
}, 120_000);

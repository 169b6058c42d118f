import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type * as SiteLabs from "../../lab/site-lab";
import { loadSite } from "../../site";

const folder = mkdtempSync(join(tmpdir(), "hybrid-site-lab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

process.env.LAB_DIR = join(folder, "lab");
const { bend, forget, openLab } =
  require("../../lab/site-lab") as typeof SiteLabs;
const site = loadSite(join(__dirname, "../../environments/dev.yaml"));

let labs: SiteLabs.SiteLab[] = [];
async function open(changed = site) {
  const lab = await openLab(changed);
  labs.push(lab);
  return lab;
}

beforeEach(() => {
  jest.spyOn(console, "error").mockImplementation();
});
afterEach(async () => {
  await Promise.all(labs.map((lab) => lab.close()));
  labs = [];
  delete process.env.LAB_RECORD;
  jest.restoreAllMocks();
});

test("of two that open a lab at once, one starts it and the other uses it", async () => {
  const [first, second] = await Promise.all([open(), open()]);
  expect([first.attached, second.attached].sort()).toEqual([false, true]);
  expect(await first.access()).toEqual(await second.access());
});

test("what is bent while a lab is up is so for the runner that has it up", async () => {
  const lab = await open();
  await bend({ do: "foreign", node: "r630", vmid: 150, name: "stranger" });
  expect(JSON.stringify(await lab.control({ do: "summary" }))).toContain(
    "stranger",
  );
});

test("what is bent while no lab is up is there at the next start", async () => {
  await bend({ do: "foreign", node: "r630", vmid: 151, name: "night" });
  const lab = await open();
  expect(JSON.stringify(await lab.control({ do: "summary" }))).toContain(
    "night",
  );
});

test("an error in a lab that another runner has up is the same error here", async () => {
  await open();
  await expect(
    bend({ do: "drift", guest: "nobody", change: "stop" }),
  ).rejects.toThrow('there is no guest "nobody"');
});

test("a lab goes on until the last that uses it is done", async () => {
  const first = await open();
  const second = await open();
  const { endpoints } = await second.access();
  let closed = false;
  const closing = first.close().then(() => {
    closed = true;
  });
  await new Promise((done) => setTimeout(done, 100));
  expect(closed).toBe(false);
  expect(await second.access()).toMatchObject({ endpoints });
  await second.close();
  await closing;
  labs = [];
});

test("a lab whose hardware the manifest has left is not used", async () => {
  await open();
  const [host] = site.proxmox.hosts;
  const changed = {
    ...site,
    proxmox: { ...site.proxmox, hosts: host ? [host] : [] },
  };
  await expect(openLab(changed)).rejects.toThrow(
    "hosts, storages or images have changed since it started",
  );
});

test("settings that count only at the start are told when the lab is up", async () => {
  await open();
  process.env.LAB_RECORD = join(folder, "late");
  await open();
  expect(console.error).toHaveBeenCalledWith(
    expect.stringContaining("without this LAB_RECORD"),
  );
});

test("each request is recorded, one line of JSON each", async () => {
  process.env.LAB_RECORD = join(folder, "record");
  const lab = await open();
  const { url, ca } = (await lab.access()).endpoints.r630 ?? {};
  const { request } = await import("node:https");
  await new Promise((done) =>
    request(`${url}/api2/json/version`, { ca }, done).on("error", done).end(),
  );
  const lines = readFileSync(join(folder, "record/proxmox.jsonl"), "utf8");
  expect(JSON.parse(lines)).toMatchObject({ method: "GET", path: "/version" });
});

test("a reset forgets all, but not under a lab that is up", async () => {
  const lab = await open();
  await expect(forget()).rejects.toThrow("another run has it up");
  await lab.close();
  labs = [];
  await forget();
  expect(existsSync(join(folder, "lab"))).toBe(false);
});

test.each<[string, () => Promise<unknown>]>([
  ["a lab starts", open],
  ["the world is bent", () => bend({ do: "clear-faults" })],
])(
  "a world of an earlier version is forgotten when %s, and that is told",
  async (_what, act) => {
    await forget();
    const old = ["proxmox/nodes/r630.json", "state/checkpoint.json"].map(
      (name) => join(folder, "lab", name),
    );
    for (const name of old) {
      mkdirSync(dirname(name), { recursive: true });
      writeFileSync(name, "{}");
    }
    await act();
    expect(old.filter(existsSync)).toEqual([]);
    expect(console.error).toHaveBeenCalledTimes(1);
    expect(console.error).toHaveBeenCalledWith(
      expect.stringMatching(/world is of an earlier version.*forgotten/),
    );
    const lab = await open();
    expect(await lab.control({ do: "summary" })).toHaveLength(3);
    expect(console.error).toHaveBeenCalledTimes(1);
  },
);

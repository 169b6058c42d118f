import { Api } from "../support/api";
import { gibibyte, type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let api: Api;
let right: Api;
beforeAll(async () => {
  lab = await testLab(undefined, 20, undefined, true);
  [api, right] = [new Api(lab), new Api(lab, "left")];
  for (const [at, node] of [
    [api, "pve"],
    [right, "left"],
  ] as const) {
    const params = { vmid: 100, scsi0: "fast:1", memory: 512 };
    expect(await at.run("POST", `/nodes/${node}/qemu`, params)).toBe("OK");
  }
});
afterAll(() => lab.stop());

/** In KiB/s: 1 GiB then takes two seconds. */
const bwlimit = gibibyte / 1024 / 2;
const qemu = "/nodes/pve/qemu";

async function took(work: Promise<string>): Promise<number> {
  const begun = Date.now();
  expect(await work).toBe("OK");
  return Date.now() - begun;
}

test("a clone, a move and a migration take as long as their bandwidth allows", async () => {
  const times = await Promise.all([
    took(api.run("POST", `${qemu}/100/clone`, { newid: 101, bwlimit })),
    took(
      right.run("POST", "/nodes/left/qemu/100/migrate", {
        target: "right",
        "with-local-disks": 1,
        bwlimit,
      }),
    ),
  ]);
  const disk = { disk: "scsi0", storage: "slow", bwlimit };
  times.push(await took(api.run("POST", `${qemu}/100/move_disk`, disk)));
  for (const ms of times) {
    expect(ms).toBeGreaterThanOrEqual(1_990);
    expect(ms).toBeLessThan(6_000);
  }
});

test("0 is no limit, and what copies nothing has none", async () => {
  const one = `${qemu}/100`;
  const unlimited = { newid: 102, bwlimit: 0 };
  expect(await took(api.run("POST", `${one}/clone`, unlimited))).toBeLessThan(
    1_500,
  );
  expect(await api.run("POST", `${qemu}/101/template`)).toBe("OK");
  const linked = { newid: 103, full: 0, bwlimit: 1 };
  expect(await took(api.run("POST", `${qemu}/101/clone`, linked))).toBeLessThan(
    1_500,
  );
  const empty = { vmid: 104, scsi0: "fast:1", bwlimit: 1 };
  expect(await took(api.run("POST", qemu, empty))).toBeLessThan(1_500);
});

describe("live-restore", () => {
  const status = async (vmid: number) =>
    (
      await api.send<{ status: string }>(
        "GET",
        `${qemu}/${vmid}/status/current`,
      )
    ).data.status;
  const image = "slow:0,import-from=local:import/placed.raw";

  test("a guest whose disk is imported live runs then, at the speed that is allowed", async () => {
    const params = { vmid: 110, scsi0: image, "live-restore": 1, bwlimit };
    expect(await took(api.run("POST", qemu, params))).toBeGreaterThanOrEqual(
      1_990,
    );
    expect(await status(110)).toBe("running");
  });

  test("without an import it starts nothing, and takes the start's place", async () => {
    const params = { vmid: 111, scsi0: "fast:1", "live-restore": 1, start: 1 };
    expect(await api.run("POST", qemu, params)).toBe("OK");
    expect(await status(111)).toBe("stopped");
  });
});

test.each(["unique", "force"])(
  "%s needs an archive, and there is none",
  async (key) => {
    const params = { vmid: 120, [key]: 1 };
    expect((await api.send("POST", qemu, params)).errors).toEqual({
      archive: `missing property - '${key}' requires this property`,
    });
    const archive = "local:backup/vzdump-qemu-100.vma";
    expect(await api.run("POST", qemu, { ...params, archive })).toBe(
      `500 volume '${archive}' does not exist`,
    );
  },
);

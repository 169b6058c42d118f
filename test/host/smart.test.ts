import type { Machine, RunOptions } from "../../providers/host/client";
import { healthOf, parseHealth } from "../../providers/host/host-facts/smart";

const answer = (exit_status: number, more: object = {}, messages?: string[]) =>
  JSON.stringify({
    json_format_version: [1, 0],
    smartctl: {
      version: [7, 4],
      exit_status,
      messages: messages?.map((string) => ({ string, severity: "error" })),
    },
    ...more,
  });
const good = { smart_status: { passed: true } };
const ata = (...rows: [number, string, number, string?][]) => ({
  ...good,
  ata_smart_attributes: {
    table: rows.map(([id, name, value, when_failed = ""]) => ({
      id,
      name,
      when_failed,
      raw: { value, string: `${value}` },
    })),
  },
});

test.each<[string, number, string, object]>([
  ["a good disk", 0, answer(0, good), { state: "good" }],
  [
    "a command that the disk does not know",
    4,
    answer(4, good),
    { state: "good" },
  ],
  ["errors of long ago", 64, answer(64, good), { state: "good" }],
  ["attributes once below", 32, answer(32, good), { state: "good" }],
  ["a failing one, by its bit", 8, answer(8), { state: "failing" }],
  [
    "a failing one, by its word",
    0,
    answer(0, { smart_status: { passed: false } }),
    { state: "failing" },
  ],
  [
    "a failed self-test",
    132,
    answer(132, good),
    { state: "good", hasFailedTest: true },
  ],
  [
    "an attribute below its threshold",
    16,
    answer(16, ata([5, "Reallocated_Sector_Ct", 2_480, "now"])),
    { state: "good", below: ["Reallocated_Sector_Ct"], defects: 2_480 },
  ],
  [
    "a SATA disk's counts",
    0,
    answer(
      0,
      ata(
        [5, "a", 0],
        [197, "b", 8],
        [198, "c", 2],
        [199, "d", 3],
        [9, "h", 7],
      ),
    ),
    { state: "good", pending: 8, uncorrected: 2, garbled: 3 },
  ],
  [
    "a SAS disk's counts",
    0,
    answer(0, {
      ...good,
      scsi_grown_defect_list: 7,
      scsi_error_counter_log: {
        read: { total_errors_corrected: 99, total_uncorrected_errors: 1 },
        write: { total_uncorrected_errors: 2 },
      },
    }),
    { state: "good", defects: 7, uncorrected: 3 },
  ],
  [
    "an NVMe's errors",
    0,
    answer(0, {
      ...good,
      nvme_smart_health_information_log: { media_errors: 4 },
    }),
    { state: "good", uncorrected: 4 },
  ],
  [
    "a sleeping SATA disk",
    2,
    answer(2, {}, ["Device is in STANDBY mode, exit(2)"]),
    { state: "asleep" },
  ],
  [
    "a sleeping SAS disk",
    2,
    answer(2, {}, ["Device is in STANDBY_Z BY TIMER mode, exit(2)"]),
    { state: "asleep" },
  ],
  [
    "one that cannot be opened",
    2,
    answer(2, {}, ["Smartctl open device: /dev/sda failed: No such device"]),
    {
      state: "unknown",
      reason: "Smartctl open device: /dev/sda failed: No such device",
    },
  ],
  ["no tool", 127, "", { state: "unknown", reason: "it ended with 127" }],
])("of %s", (_what, code, stdout, health) => {
  expect(parseHealth(code, stdout, "")).toEqual(health);
});

test("what is no JSON is told by its first line", () => {
  const said = "sudo: a password is required\nmore";
  expect(parseHealth(1, "", said).reason).toBe("sudo: a password is required");
});

const path = (device: string, wwn = "") => ({
  device,
  wwn,
  serial: device,
  model: "",
  sizeBytes: 1,
});

/** Answers what `say` has for a device. */
const machine = (
  say: (device: string, options: RunOptions) => string | Promise<string>,
  asked: string[] = [],
) =>
  ({
    run: async (words: readonly string[], options: RunOptions) => {
      const device = words.at(-1) ?? "";
      asked.push(device);
      return { code: 0, stdout: await say(device, options), stderr: "" };
    },
  }) as unknown as Machine;

test("a disk is asked once, and by its other way where the first does not lead to it", async () => {
  const asked: string[] = [];
  const say = (device: string) =>
    device === "/dev/sdc" ? answer(2, {}, ["lost"]) : answer(0, good);
  const health = await healthOf(
    machine(say, asked),
    [path("sda", "a"), path("sdb", "a"), path("sdc", "b"), path("sdd", "b")],
    new AbortController().signal,
  );
  expect(asked.sort()).toEqual(["/dev/sda", "/dev/sdc", "/dev/sdd"]);
  expect(health.map(({ wwn, state }) => [wwn, state])).toEqual([
    ["a", "good"],
    ["b", "good"],
  ]);
});

test("of a disk that hangs only it is told not to have answered", async () => {
  const timeout = jest
    .spyOn(AbortSignal, "timeout")
    .mockImplementation(() => AbortSignal.abort(new Error("time")));
  const health = await healthOf(
    machine((device, { signal }) => {
      if (device === "/dev/sda") throw signal.reason;
      return answer(0, good);
    }),
    [path("sda", "a"), path("sdb", "b")],
    new AbortController().signal,
  );
  timeout.mockRestore();
  expect(health).toEqual([
    {
      wwn: "a",
      serial: "sda",
      state: "unknown",
      reason: "it has not answered in 20 s",
    },
    { wwn: "b", serial: "sdb", state: "good" },
  ]);
});

test("the caller's end is the end, and no answer of a disk's", async () => {
  const stop = new AbortController();
  const health = healthOf(
    machine((_device, { signal }) => {
      stop.abort(new Error("stopped"));
      throw signal.reason;
    }),
    [path("sda", "a")],
    stop.signal,
  );
  await expect(health).rejects.toThrow("stopped");
});

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  filesOf,
  scheduleProblem,
} from "../../providers/storage/zfs-dataset/snapshots";
import { testWith } from "../support/tool";

const inputs = {
  owner: "site/ZfsDataset/vm",
  host: "storage",
  name: "vm",
  dataset: "tank/vm",
  poolGuid: "7",
  type: "filesystem",
} as const;
const [script, service, timer] = filesOf(
  inputs,
  { schedule: "hourly", keep: 2 },
  "42",
);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "snapshots-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the script with a `zfs` that answers as given; what it was asked to do. */
function run(guid: string, snapshots: readonly string[], destroys = 0) {
  const zfs = join(directory, "zfs");
  const log = join(directory, "log");
  writeFileSync(log, "");
  writeFileSync(
    zfs,
    `#!/bin/sh
case $1 in
get) echo ${guid} ;;
list) printf '%s\\n' ${snapshots.join(" ")} ;;
snapshot) echo "$*" >> ${log} ;;
destroy) echo "$*" >> ${log}; exit ${destroys} ;;
esac
`,
  );
  chmodSync(zfs, 0o755);
  const file = join(directory, "script");
  writeFileSync(file, script?.content ?? "");
  let code = 0;
  try {
    execFileSync("/bin/sh", [file], {
      env: { PATH: `${directory}:/usr/bin:/bin` },
      stdio: "ignore",
    });
  } catch (error) {
    code = (error as { status: number }).status;
  }
  return { code, done: readFileSync(log, "utf8").trim().split("\n") };
}

const mine = (time: string) => `tank/vm@hybrid-site-${time}`;

test("a snapshot is taken, and the oldest of its own kind go", () => {
  const { code, done } = run("42", [
    mine("4"),
    "tank/vm@by-hand",
    mine("3"),
    "tank/vm@hybrid",
    mine("2"),
    mine("1"),
  ]);
  expect(code).toBe(0);
  expect(done).toEqual([
    expect.stringMatching(/^snapshot tank\/vm@hybrid-site-\d{8}T\d{6}Z$/),
    `destroy ${mine("2")}`,
    `destroy ${mine("1")}`,
  ]);
});

test("one that is held stays, and the others go all the same", () => {
  const names = [mine("4"), mine("3"), mine("2"), mine("1")];
  expect(run("42", names, 1)).toMatchObject({
    code: 0,
    done: [expect.anything(), `destroy ${mine("2")}`, `destroy ${mine("1")}`],
  });
});

test("another dataset under the name is left alone", () => {
  expect(run("43", [mine("1"), mine("2"), mine("3")])).toEqual({
    code: 1,
    done: [""],
  });
});

const schedules = [
  "hourly",
  "daily",
  "weekly",
  "monthly",
  "02:30",
  "*:00/15",
  "Mon..Fri 08..18:00",
  "Sat,Sun *:30",
  "00/4:00",
  "Mon..Wed,Sun 23:59",
];

test.each(["", "yearlyy", "25:00", "*:*:*", "Mon", "02:30; rm", "*:00/60"])(
  "the schedule %j is refused at preview",
  (schedule) => {
    expect(scheduleProblem(schedule)).toMatch(/must be hourly/);
  },
);

test.each(schedules)("the schedule %j is taken", (schedule) => {
  expect(scheduleProblem(schedule)).toBeUndefined();
});

const testSystemd = testWith("systemd-analyze", "--version");

testSystemd("systemd takes the schedules, too", () => {
  const words = ["calendar", ...schedules];
  execFileSync("systemd-analyze", words, { stdio: "ignore" });
});

testSystemd("systemd finds nothing wrong with the units", () => {
  const program = join(directory, "program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  const [unit, clock] = [
    join(directory, "s.service"),
    join(directory, "s.timer"),
  ];
  writeFileSync(
    unit,
    (service?.content ?? "").replace(/^ExecStart=.*$/m, `ExecStart=${program}`),
  );
  writeFileSync(clock, timer?.content ?? "");
  const said = execFileSync("systemd-analyze", ["verify", unit, clock], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(said).toBe("");
});

import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "pulumi/package.json";

const root = join(__dirname, "../..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "hybrid-site-pulumi-"));
  mkdirSync(join(folder, "lab"));
  mkdirSync(join(folder, "from"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An engine that is a shell script. */
function engine(script: string): void {
  const bin = join(folder, "home/versions", version, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "pulumi"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "pulumi"), 0o755);
}

const command = [
  "--require",
  "tsx/cjs",
  "--eval",
  `require("./lab/pulumi.ts").runPulumi(process.argv.slice(1)).then(({ code }) => {
    console.log("the lab ends");
    process.exitCode = code;
  });`,
  "--",
];
const options = () => ({
  cwd: root,
  encoding: "utf8" as const,
  env: {
    PATH: process.env.PATH,
    PULUMI_HOME: join(folder, "home"),
    LAB_DIR: join(folder, "lab"),
    INIT_CWD: join(folder, "from"),
  },
});

test("Pulumi runs in the lab's folder, and file names are from where the user is", () => {
  engine('pwd; for word; do echo "$word"; done');
  const { stdout } = spawnSync(
    process.execPath,
    [
      ...command,
      "up",
      "--policy-pack",
      "policy",
      "--plan=../plan.json",
      "--file",
      "/tmp/x",
      "--yes",
      "policy",
    ],
    options(),
  );
  expect(stdout.split("\n").slice(0, -2)).toEqual([
    join(folder, "lab"),
    "up",
    "--policy-pack",
    join(folder, "from/policy"),
    `--plan=${join(folder, "plan.json")}`,
    "--file",
    "/tmp/x",
    "--yes",
    "policy",
  ]);
});

test("it is told the lab's state, passphrase and stack, and to use today's configuration", () => {
  engine("env");
  const { stdout } = spawnSync(process.execPath, command, options());
  expect(stdout).toContain(
    `PULUMI_BACKEND_URL=file://${join(folder, "lab/state")}\n`,
  );
  expect(stdout).toContain("PULUMI_CONFIG_PASSPHRASE=lab\n");
  expect(stdout).toContain("PULUMI_STACK=dev\n");
  expect(stdout).toContain("PULUMI_RUN_PROGRAM=true\n");
});

test.each([
  ["exit 7", 7],
  ["kill -KILL $$", 137],
])("the exit code of an engine that ends by %s is kept", (script, code) => {
  engine(script);
  expect(spawnSync(process.execPath, command, options()).status).toBe(code);
});

test.each([
  [
    "Ctrl-C, which a terminal sends to all, reaches it once",
    -1,
    "SIGINT",
    "interrupted",
  ],
  [
    "SIGTERM, which is sent to the runner, is passed on",
    1,
    "SIGTERM",
    "terminated",
  ],
] as const)(
  "%s, and the lab stays up until it has ended",
  async (_what, whom, signal, text) => {
    const note = (word: string) => `echo ${word} >> ${join(folder, "notes")}`;
    engine(`trap '${note("interrupted")}; ended=1' INT
trap '${note("terminated")}; ended=1' TERM
echo up
while [ -z "$ended" ]; do sleep 0.05; done
sleep 0.4
echo engine ends`);
    const child = spawn(process.execPath, command, {
      ...options(),
      detached: true,
    });
    let output = "";
    child.stdout.on("data", (data) => {
      if (output === "") process.kill(whom * (child.pid ?? 0), signal);
      output += data;
    });
    await new Promise((done) => child.once("close", done));
    expect(readFileSync(join(folder, "notes"), "utf8")).toBe(`${text}\n`);
    expect(output).toBe("up\nengine ends\nthe lab ends\n");
  },
);

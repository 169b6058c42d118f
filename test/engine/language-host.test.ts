import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import {
  type Client,
  type ClientReadableStream,
  credentials,
  type requestCallback,
} from "@grpc/grpc-js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

interface Message {
  toObject(): Record<string, unknown>;
}
type Call = (request: unknown, done: requestCallback<Message>) => void;
const { LanguageRuntimeClient } =
  require("@pulumi/pulumi/proto/language_grpc_pb") as {
    LanguageRuntimeClient: new (
      ...args: ConstructorParameters<typeof Client>
    ) => Client & {
      run: Call;
      runPlugin(request: unknown): ClientReadableStream<Message>;
    };
  };
const messages =
  require("@pulumi/pulumi/proto/language_pb") as typeof import("@pulumi/pulumi/proto/language_pb");

const root = resolve(__dirname, "../..");
let folder: string;
let host: ChildProcess;
let client: InstanceType<typeof LanguageRuntimeClient>;

/** The host beside a program's folder whose SDK notes how it was started and does as told. */
beforeEach(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "hybrid-site-host-"));
  host = spawn(
    process.execPath,
    [join(root, "engine/language-host.cjs"), "127.0.0.1:1"],
    { cwd: root, stdio: ["pipe", "pipe", "ignore"] },
  );
  const lines = createInterface({ input: host.stdout ?? process.stdin });
  const [port] = (await once(lines, "line")) as [string];
  client = new LanguageRuntimeClient(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
});
afterEach(() => {
  client.close();
  host.kill();
  rmSync(folder, { recursive: true, force: true });
});

function sdk(command: string, act: string): void {
  const place = join(folder, "node_modules/@pulumi/pulumi/cmd", command);
  mkdirSync(place, { recursive: true });
  writeFileSync(
    join(place, "index.js"),
    `const { argv, execArgv, env } = process;
     const { PULUMI_CONFIG: config, PULUMI_CONFIG_SECRET_KEYS: secrets } = env;
     require("node:fs").writeFileSync(${JSON.stringify(join(folder, "started"))},
       JSON.stringify({ words: argv.slice(2), execArgv, config, secrets, cwd: process.cwd(), given: env.GIVEN }));
     ${act}`,
  );
}

const started = () =>
  JSON.parse(readFileSync(join(folder, "started"), "utf8")) as Record<
    string,
    unknown
  >;

function info(options: Parameters<typeof Struct.fromJavaScript>[0] = {}) {
  return new messages.ProgramInfo()
    .setRootDirectory("/project")
    .setProgramDirectory(folder)
    .setEntryPoint(".")
    .setOptions(Struct.fromJavaScript(options));
}

function run(): Promise<Record<string, unknown>> {
  const request = new messages.RunRequest()
    .setMonitorAddress("127.0.0.1:2")
    .setProject("hybrid-site")
    .setStack("dev")
    .setOrganization("organization")
    .setParallel(4)
    .setDryrun(true)
    .setConfigsecretkeysList(["hybrid-site:credentials"])
    .setInfo(
      info({ typescript: false, nodeargs: "--no-warnings --trace-exit" }),
    );
  request.getConfigMap().set("hybrid-site:manifest", "a:b.yaml");
  return new Promise((done, fail) =>
    client.run(request, (error, reply) =>
      reply ? done(reply.toObject()) : fail(error),
    ),
  );
}

test("a program is started in its folder as Pulumi's own host starts it", async () => {
  sdk("run", "");
  expect(await run()).toEqual({ error: "", bail: false });
  expect(started()).toEqual({
    words: [
      "--monitor=127.0.0.1:2",
      "--engine=127.0.0.1:1",
      "--organization=organization",
      "--project=hybrid-site",
      "--root-directory=/project",
      "--stack=dev",
      `--pwd=${folder}`,
      "--parallel=4",
      "--dry-run",
      ".",
    ],
    execArgv: ["--no-warnings", "--trace-exit"],
    config: '{"hybrid-site:config:manifest":"a:b.yaml"}',
    secrets: '["hybrid-site:credentials"]',
    cwd: folder,
  });
});

test.each([
  [32, { error: "", bail: true }],
  [3, { error: "Program exited with non-zero exit code: 3", bail: false }],
])("a program that ends with %d", async (code, reply) => {
  sdk("run", `process.exit(${code});`);
  expect(await run()).toEqual(reply);
});

test("a policy pack runs in its folder, its output and exit code are passed on", async () => {
  sdk(
    "run-policy-pack",
    'console.log("4711"); console.error("words"); process.exitCode = 5;',
  );
  const stream = client.runPlugin(
    new messages.RunPluginRequest()
      .setPwd("/elsewhere")
      .setKind("analyzer")
      .setArgsList(["127.0.0.1:1"])
      .setEnvList(["GIVEN=a=b"])
      .setInfo(info()),
  );
  const got = { stdout: "", stderr: "", exitcode: 0 };
  for await (const message of stream as AsyncIterable<Message>) {
    const part = message.toObject() as Partial<typeof got>;
    got.stdout += Buffer.from(part.stdout ?? "", "base64");
    got.stderr += Buffer.from(part.stderr ?? "", "base64");
    got.exitcode += part.exitcode ?? 0;
  }
  expect(got).toEqual({ stdout: "4711\n", stderr: "words\n", exitcode: 5 });
  expect(started()).toMatchObject({
    words: ["127.0.0.1:1", folder],
    cwd: folder,
    given: "a=b",
  });
});

test("it ends, and its program with it, when the engine is gone", async () => {
  sdk(
    "run",
    `process.on("SIGINT", () => {
       require("node:fs").writeFileSync(${JSON.stringify(join(folder, "interrupted"))}, "");
       process.exit();
     });
     require("node:fs").writeFileSync(${JSON.stringify(join(folder, "up"))}, "");
     setInterval(() => {}, 1000);`,
  );
  run().catch(() => undefined);
  await appears("up");
  host.stdin?.end();
  await once(host, "exit");
  await appears("interrupted");
});

async function appears(name: string): Promise<void> {
  for (;;) {
    try {
      readFileSync(join(folder, name));
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}

// Pulumi's language host for Node.js, as far as this project needs one: it
// starts the program and the policy packs for the engine. It stands in for
// `pulumi-language-nodejs`, which is not published as a Go module, does as
// that one's main.go does, and is only used beside an engine built here.
const { spawn } = require("node:child_process");
const { createRequire } = require("node:module");
const path = require("node:path");

// Copied to the engine's own folder, it finds the SDK from the program's.
const load = createRequire(path.join(process.cwd(), "/"));
const grpc = load("@grpc/grpc-js");
const services = load("@pulumi/pulumi/proto/language_grpc_pb");
const messages = load("@pulumi/pulumi/proto/language_pb");
const { PluginInfo } = load("@pulumi/pulumi/proto/plugin_pb");
const { Empty } = load("google-protobuf/google/protobuf/empty_pb");

const children = new Set();

function run(call, callback) {
  const { request } = call;
  const info = request.getInfo();
  const cwd = info.getProgramDirectory();
  const options = info.getOptions()?.toJavaScript() ?? {};
  const words = {
    monitor: request.getMonitorAddress(),
    engine: process.argv[2],
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info.getRootDirectory(),
    stack: request.getStack(),
    pwd: cwd,
    parallel: String(request.getParallel()),
  };
  const args = Object.entries(words).map(
    ([name, value]) => `--${name}=${value}`,
  );
  if (request.getDryrun()) args.push("--dry-run");
  args.push(info.getEntryPoint(), ...request.getArgsList());
  const config = {};
  // The engine's "project:key" is "project:config:key" to the SDK.
  request.getConfigMap().forEach((value, key) => {
    config[key.replace(":", ":config:")] = value;
  });
  const env = { ...process.env, PULUMI_CONFIG: JSON.stringify(config) };
  const secretKeys = request.getConfigsecretkeysList();
  env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(secretKeys);
  if (options.typescript !== false) env.PULUMI_NODEJS_TYPESCRIPT = "true";
  const nodeArgs = options.nodeargs?.split(" ") ?? [];
  // The program's own output goes where the engine shows it.
  const stdio = ["ignore", "inherit", "inherit"];
  const child = start(call, "run", nodeArgs, args, { cwd, env, stdio });
  child.on("close", (code, signal) => {
    const reply = new messages.RunResponse();
    const how = signal ?? `non-zero exit code: ${code}`;
    // The SDK's code for an error that the user has seen already.
    if (code === 32) reply.setBail(true);
    else if (code !== 0) reply.setError(`Program exited with ${how}`);
    callback(null, reply);
  });
}

/** Policy packs: no other plugin of this project is run by its language. */
function runPlugin(call) {
  const { request } = call;
  const cwd = request.getInfo().getProgramDirectory();
  const given = request.getEnvList().map((text) => text.split(/=(.*)/s, 2));
  const env = { ...process.env, ...Object.fromEntries(given) };
  const stdio = ["ignore", "pipe", "pipe"];
  const args = [...request.getArgsList(), cwd];
  const child = start(call, "run-policy-pack", [], args, { cwd, env, stdio });
  const send = (set, value) =>
    call.write(new messages.RunPluginResponse()[set](value));
  child.stdout.on("data", (data) => send("setStdout", data));
  child.stderr.on("data", (data) => send("setStderr", data));
  child.on("close", (code) => {
    send("setExitcode", code ?? 1);
    call.end();
  });
}

function start(call, command, nodeArgs, args, options) {
  const from = { paths: [options.cwd] };
  const script = load.resolve(`@pulumi/pulumi/cmd/${command}`, from);
  const words = [...nodeArgs, script, ...args];
  const child = spawn(process.execPath, words, options);
  children.add(child);
  child.on("close", () => children.delete(child));
  call.on("cancelled", () => child.kill("SIGINT"));
  return child;
}

function cancel(_call, reply) {
  for (const child of children) child.kill("SIGINT");
  reply(null, new Empty());
}

const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
server.addService(services.LanguageRuntimeService, {
  getPluginInfo: (_call, reply) => reply(null, new PluginInfo()),
  getRequiredPackages: (_call, reply) =>
    reply(null, new messages.GetRequiredPackagesResponse()),
  run,
  runPlugin,
  cancel,
});
const credentials = grpc.ServerCredentials.createInsecure();
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
  if (error) throw error;
  console.log(port);
});
// The engine holds the other end: it is gone, however it went.
process.stdin.resume().on("end", () => cancel(undefined, () => process.exit()));

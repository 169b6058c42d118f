// Pulumi's language host for Node.js, as far as this project needs one: it
// starts the program and the policy packs for the engine. It stands in for
// `pulumi-language-nodejs`, which is not published as a Go module, and is only
// used beside an engine that was built here.
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
const { version } = load("@pulumi/pulumi/version");

/** The exit code of a program whose error the user has seen already. */
const bailed = 32;
const children = new Set();
let engine = process.argv.slice(2).find((word) => !word.startsWith("-"));

const handlers = {
  handshake(call, callback) {
    engine = call.request.getEngineAddress() || engine;
    callback(null, new messages.LanguageHandshakeResponse());
  },
  getPluginInfo(_call, callback) {
    callback(null, new PluginInfo().setVersion(version));
  },
  getRequiredPackages(_call, callback) {
    callback(null, new messages.GetRequiredPackagesResponse());
  },
  run(call, callback) {
    const { request } = call;
    const info = request.getInfo();
    const words = {
      monitor: request.getMonitorAddress(),
      engine,
      organization: request.getOrganization(),
      project: request.getProject(),
      "root-directory": info.getRootDirectory(),
      stack: request.getStack(),
      pwd: request.getPwd(),
      parallel: String(request.getParallel()),
    };
    const flags = Object.entries(words).flatMap(([name, value]) =>
      value ? [`--${name}`, value] : [],
    );
    if (request.getDryrun()) flags.push("--dry-run");
    const config = request.getConfigMap().toArray();
    const secretKeys = request.getConfigsecretkeysList();
    const program = [info.getEntryPoint(), ...request.getArgsList()];
    const child = start("run", info, request.getPwd(), [...flags, ...program], {
      // The program's own output goes where the engine shows it.
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(
          Object.fromEntries(config.map(([key, value]) => [full(key), value])),
        ),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys.map(full)),
      },
    });
    child.on("close", (code, signal) => {
      const reply = new messages.RunResponse();
      if (code === bailed) reply.setBail(true);
      else if (code !== 0) {
        reply.setError(`Program exited with ${signal ?? `exit code ${code}`}`);
      }
      callback(null, reply);
    });
  },
  runPlugin(call) {
    const { request } = call;
    const info = request.getInfo();
    const folder = info.getProgramDirectory();
    const kind = request.getKind() === "analyzer" ? "policy-pack" : "plugin";
    const args = [...request.getArgsList(), folder];
    const env = request.getEnvList().map((text) => text.split(/=(.*)/s, 2));
    const child = start(`run-${kind}`, info, folder, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...Object.fromEntries(env) },
    });
    const send = (set, value) =>
      call.write(new messages.RunPluginResponse()[set](value));
    child.stdout.on("data", (data) => send("setStdout", data));
    child.stderr.on("data", (data) => send("setStderr", data));
    child.on("close", (code) => {
      send("setExitcode", code ?? 1);
      call.end();
    });
    call.on("cancelled", () => child.kill());
  },
  cancel(_call, callback) {
    for (const child of children) child.kill("SIGINT");
    callback(null, new Empty());
  },
};

function start(command, info, cwd, args, options) {
  const nodeArguments = info.getOptions()?.toJavaScript().nodeargs ?? "";
  const script = load.resolve(`@pulumi/pulumi/cmd/${command}`, {
    paths: [cwd],
  });
  const words = [...nodeArguments.split(" ").filter(Boolean), script, ...args];
  const child = spawn(process.execPath, words, { cwd, ...options });
  children.add(child);
  child.on("close", () => children.delete(child));
  return child;
}

/** "project:key" -> the SDK's "project:config:key" */
const full = (key) => key.replace(":", ":config:");

const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
server.addService(services.LanguageRuntimeService, handlers);
const credentials = grpc.ServerCredentials.createInsecure();
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.on("exit", () => {
  for (const child of children) child.kill();
});

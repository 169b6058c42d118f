// Has Node load some parts of Pulumi's SDK when they are first used. The SDK
// loads them in each plugin's process: a compiler and a package tree for
// functions that are to be serialized, and the automation API. No resource of
// this project needs them, and they are most of a plugin's start. In the
// program's process it loads what sends traces, for `--tracing` alone.
const Module = require("node:module");
const path = require("node:path");

const whole = [
  "typescript",
  "@pulumi/pulumi/vendor/typescript@3.8.3/typescript.js",
  "@pulumi/pulumi/automation",
  "@npmcli/arborist",
  "zod/v4/locales",
];

/** Taken apart where they are imported: each of their exports is a stand-in. */
const tracing = [
  "@opentelemetry/resources",
  "@opentelemetry/sdk-trace-base",
  "@opentelemetry/sdk-trace-node",
  "@opentelemetry/exporter-zipkin",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-grpc",
];
/** Once it is there, V8 tells it of each script: for functions that are serialized. */
const debuggerSession = ["@pulumi/pulumi/runtime/closure/v8Hooks"];
const standIns = new Map();

function find(name) {
  try {
    const sdk = path.dirname(require.resolve("@pulumi/pulumi/package.json"));
    return require.resolve(name, { paths: [sdk] });
  } catch {
    // Not installed, or not yet.
    return undefined;
  }
}

function standIn(file, get) {
  let loaded;
  const real = () => {
    if (loaded === undefined) {
      // What is real imports what is real.
      for (const [name, module] of standIns) {
        if (require.cache[name] === module) delete require.cache[name];
      }
      loaded = require(file);
    }
    return loaded;
  };
  const module = new Module(file);
  module.filename = file;
  module.loaded = true;
  module.exports = new Proxy(
    {},
    {
      // Asked of every module by the code that imports it.
      get: (_, key) => (key === "__esModule" ? true : get(real, key)),
      has: (_, key) => key in real(),
      ownKeys: () => Reflect.ownKeys(real()),
      getOwnPropertyDescriptor: (_, key) => ({
        ...Object.getOwnPropertyDescriptor(real(), key),
        configurable: true,
      }),
    },
  );
  return module;
}

const now = (real, key) =>
  key === "default" ? (real().default ?? real()) : real()[key];

/** A function or a class that is loaded when it is called or made. */
const onCall = (real, key) =>
  new Proxy(function later() {}, {
    apply: (_, self, words) => Reflect.apply(real()[key], self, words),
    construct: (_, words) => Reflect.construct(real()[key], words),
  });

const noWait = (real, key) =>
  key === "isInitializedAsync" ? async () => {} : now(real, key);

for (const [names, get] of [
  [whole, now],
  [tracing, onCall],
  [debuggerSession, noWait],
]) {
  for (const file of names.map(find)) {
    if (file === undefined || file in require.cache) continue;
    const module = standIn(file, get);
    standIns.set(file, module);
    require.cache[file] = module;
  }
}

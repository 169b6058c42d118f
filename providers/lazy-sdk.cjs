// Has Node load some parts of Pulumi's SDK when they are first used. The SDK
// loads them in each plugin's process: a compiler and a package tree for
// functions that are to be serialized, and the automation API. No resource of
// this project needs them, and they are most of a plugin's start.
const Module = require("node:module");
const path = require("node:path");

const names = [
  "typescript",
  "@pulumi/pulumi/vendor/typescript@3.8.3/typescript.js",
  "@pulumi/pulumi/automation",
  "@npmcli/arborist",
];

function find(name) {
  try {
    const sdk = path.dirname(require.resolve("@pulumi/pulumi/package.json"));
    return require.resolve(name, { paths: [sdk] });
  } catch {
    // Not installed, or not yet.
    return undefined;
  }
}

function standIn(file) {
  let loaded;
  const real = () => {
    if (loaded === undefined) {
      delete require.cache[file];
      loaded = require(file);
    }
    return loaded;
  };
  const get = (_, key) => {
    // Asked of every module by the code that imports it.
    if (key === "__esModule") return true;
    return key === "default" ? (real().default ?? real()) : real()[key];
  };
  const module = new Module(file);
  module.filename = file;
  module.loaded = true;
  module.exports = new Proxy(
    {},
    {
      get,
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

for (const file of names.map(find)) {
  if (file !== undefined) require.cache[file] ??= standIn(file);
}

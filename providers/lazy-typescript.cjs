// Has Node load the TypeScript compiler when it is first used. Pulumi's SDK
// loads it in each plugin's process, for functions that are to be serialized;
// no resource of this project is, and it is a third of a plugin's start.
const Module = require("node:module");

const names = [
  "typescript",
  "@pulumi/pulumi/vendor/typescript@3.8.3/typescript.js",
];
for (const name of names) {
  let file;
  try {
    file = require.resolve(name);
  } catch {
    continue;
  }
  let compiler;
  const real = () => {
    if (compiler === undefined) {
      delete require.cache[file];
      compiler = require(file);
    }
    return compiler;
  };
  const stand = new Module(file);
  stand.filename = file;
  stand.loaded = true;
  stand.exports = new Proxy(
    {},
    {
      get: (_, key) => real()[key],
      has: (_, key) => key in real(),
      ownKeys: () => Reflect.ownKeys(real()),
      getOwnPropertyDescriptor: (_, key) => ({
        ...Object.getOwnPropertyDescriptor(real(), key),
        configurable: true,
      }),
    },
  );
  require.cache[file] = stand;
}

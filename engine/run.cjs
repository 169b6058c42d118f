// Runs one of the project's commands on any machine with Node:
// installs the packages and gets an engine first. Node built-ins only.
// usage: node engine/run.cjs [--no-engine] SCRIPT [arguments]
const { runMain } = require("node:module");
const path = require("node:path");
const { ensurePackages } = require("./packages.cjs");
const { ensureEngine } = require("./engine.cjs");

const root = path.dirname(__dirname);

async function prepare() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(
      `Unable to start on Node ${process.versions.node}: it is too old. Install Node 20.19 or newer.`,
    );
  }
  // The engine first: where none can be had, nothing else is installed.
  if (process.argv[2] === "--no-engine") process.argv.splice(2, 1);
  else Object.assign(process.env, await ensureEngine(root));
  await ensurePackages(root);
  const lean = path.join(root, "providers", "lazy-sdk.cjs");
  // Of each process that an engine starts; quoted, for a folder with blanks.
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --require ${JSON.stringify(lean)}`;
  process.argv.splice(1, 2, path.join(root, process.argv[2]));
}

// In this process: exit code, signals and terminal need no passing on.
prepare().then(
  () => {
    require("../providers/typescript.cjs");
    runMain();
  },
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);

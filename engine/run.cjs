// Runs one of the project's TypeScript commands on any machine with Node:
// installs the packages and gets an engine first. Node built-ins only.
// usage: node engine/run.cjs [--no-engine] SCRIPT.ts [arguments]
const { spawn } = require("node:child_process");
const path = require("node:path");
const { ensurePackages } = require("./packages.cjs");
const { ensureEngine } = require("./engine.cjs");

const root = path.dirname(__dirname);
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];

async function main([first, ...rest]) {
  checkNode();
  await ensurePackages(root);
  const [script, args] =
    first === "--no-engine" ? [rest[0], rest.slice(1)] : [first, rest];
  const env = { ...process.env };
  if (first !== "--no-engine") Object.assign(env, await ensureEngine(root));
  const child = spawn(
    process.execPath,
    ["--require", "tsx/cjs", path.join(root, script), ...args],
    { stdio: "inherit", env },
  );
  // A terminal sends them to the whole group; a `kill` only to us.
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    for (const name of signals) process.removeAllListeners(name);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(
    `Unable to start on Node ${process.versions.node}: it is too old. Install Node 20.19 or newer.`,
  );
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const command = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const variable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const oldestMinor = 25;

/** Builds the CLI from Pulumi's published Go modules, with our language host beside it. */
async function build(version, bin) {
  checkGo();
  console.error(
    `Pulumi's download cannot be reached: building Pulumi ${version} from its published modules, once...`,
  );
  const made = path.join(bin, ".pulumi.new");
  fs.mkdirSync(bin, { recursive: true });
  const stale = ["-f", "{{if .Stale}}{{.ImportPath}}{{end}}"];
  const listed = await go("Modules fetched", ["list", "-deps", ...stale]);
  const linker = `-s -w -X ${variable}=${version}`;
  const args = ["build", "-v", "-o", made, "-ldflags", linker];
  await go("Packages compiled", args, listed.split("\n").length);
  writeScripts(bin);
  // Last, and by a rename: a CLI that is there is a whole one.
  fs.renameSync(made, path.join(bin, "pulumi"));
}

function checkGo() {
  const told = spawnSync("go", ["version"], { encoding: "utf8" }).stdout ?? "";
  const [, version = "none", minor] = /go(1\.(\d+)\S*)/.exec(told) ?? [];
  if (Number(minor) >= oldestMinor) return;
  throw new Error(
    `Unable to get Pulumi: its download cannot be reached, and to build it takes Go 1.${oldestMinor} (found: ${version}). Install Go 1.${oldestMinor} or newer (https://go.dev/dl), or Pulumi's CLI (https://www.pulumi.com/docs/install).`,
  );
}

/** Go names on stderr each module that it fetches, each package that it compiles. */
function go(what, args, total) {
  const started = Date.now();
  const output = [];
  let done = 0;
  const timer = setInterval(() => {
    const seconds = (Date.now() - started) / 1_000;
    const left = Math.ceil((seconds / done) * (total - done));
    const rest = total ? ` of ${total}, about ${left} s left` : "";
    if (done > 0) console.error(`  ${what}: ${done}${rest}`);
  }, 10_000);
  return new Promise((resolve, reject) => {
    const child = spawn("go", [...args, command], { cwd: __dirname });
    child.stdout.on("data", (text) => output.push(text));
    child.stderr.setEncoding("utf8").on("data", (text) => {
      for (const line of text.trim().split("\n")) {
        if (/^(go: downloading \S+ \S+|[\w@~+./-]+)$/.test(line)) done++;
        else console.error(line);
      }
    });
    child.on("close", (code) => {
      clearInterval(timer);
      if (code === 0) return resolve(output.join("").trim());
      const message = `Unable to build Pulumi: "go ${args[0]}" ended with ${code} (see above). It needs the Go module proxy and some 4 GB of disk for Go's caches; run the command again to go on from here.`;
      reject(new Error(message));
    });
  });
}

/** The engine finds these beside itself; they find the SDK from the program's folder. */
function writeScripts(bin) {
  const host = "language-host.cjs";
  fs.copyFileSync(path.join(__dirname, host), path.join(bin, host));
  const script = (name, words) => {
    const text = `#!/bin/sh\nexec node ${words} "$@"\n`;
    fs.writeFileSync(path.join(bin, name), text, { mode: 0o755 });
  };
  script("pulumi-language-nodejs", `"$(dirname "$0")/${host}"`);
  const provider = `require(require.resolve("@pulumi/pulumi/cmd/dynamic-provider", { paths: [process.cwd()] }))`;
  // The SDK reads its arguments as if a script's path stood before them.
  script("pulumi-resource-pulumi-nodejs", `-e '${provider}' dynamic-provider`);
}

module.exports = { build };

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const command = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const oldestGo = [1, 25];

/** Builds the CLI from Pulumi's published Go modules, with our language host beside it. */
async function build({ version, bin, cli }) {
  checkGo();
  console.error(
    `Pulumi's download cannot be reached: building Pulumi ${version} from its published modules, once (some minutes)...`,
  );
  const started = Date.now();
  const made = path.join(bin, `.${cli}.new`);
  const flags = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`;
  fs.mkdirSync(bin, { recursive: true });
  const listed = await go("downloading", ["list", "-deps", command]);
  const total = listed.split("\n").length;
  const args = ["build", "-v", "-o", made, "-ldflags", flags, command];
  await go("compiling", args, total);
  // Last, and by a rename: a CLI that is there is a whole one.
  writeScripts(bin);
  fs.renameSync(made, path.join(bin, cli));
  console.error(`Built Pulumi ${version} in ${seconds(started)} s.`);
}

function checkGo() {
  let told = "no Go";
  try {
    told = execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8" });
  } catch {}
  const [major, minor] = told.trim().replace("go", "").split(".").map(Number);
  if (major > oldestGo[0] || minor >= oldestGo[1]) return;
  throw new Error(
    `Unable to get Pulumi: its download cannot be reached, and there is ${told.trim()} to build it with. Install Go ${oldestGo.join(".")} or newer, or Pulumi's CLI (https://www.pulumi.com/docs/install/).`,
  );
}

/** Go names on stderr each module that it downloads, each package that it compiles. */
function go(what, args, total) {
  const started = Date.now();
  const terminal = process.stderr.isTTY;
  const other = [];
  let output = "";
  let done = 0;
  let shown = started;
  const show = () => {
    if (Date.now() - shown < (terminal ? 200 : 15_000)) return;
    shown = Date.now();
    const share = Math.min(0.99, done / total);
    const left = Math.ceil((seconds(started) * (1 - share)) / share);
    const progress = total
      ? `${Math.floor(share * 100)} %${share > 0.05 ? `, about ${left} s left` : ""}`
      : `${done} modules`;
    const text = `  ${what}: ${progress} (${seconds(started)} s)`;
    process.stderr.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
  };
  return new Promise((resolve, reject) => {
    const child = spawn("go", args, { cwd: __dirname });
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      for (const line of text.trim().split("\n")) {
        if (/^(go: downloading )?[\w.-]+(\/[\w.@~+-]+)*( v\S+)?$/.test(line)) {
          done++;
        } else other.push(line);
      }
      show();
    });
    child.on("close", (code) => {
      if (terminal) process.stderr.write("\r\x1b[K");
      if (code === 0) return resolve(output.trim());
      reject(
        new Error(
          `Unable to build Pulumi: "go ${args[0]}" ended with ${code}: ${other.slice(-5).join("; ")}. It needs the Go module proxy and some 4 GB of disk for Go's caches; run the command again to go on from here.`,
        ),
      );
    });
  });
}

function seconds(since) {
  return Math.round((Date.now() - since) / 1_000);
}

/** The engine finds these beside itself; they find the SDK from the program's folder. */
function writeScripts(bin) {
  const source = path.join(__dirname, "language-host.cjs");
  fs.copyFileSync(source, path.join(bin, "language-host.cjs"));
  const provider = `require(require.resolve("@pulumi/pulumi/cmd/dynamic-provider", { paths: [process.cwd()] }))`;
  const scripts = {
    "pulumi-language-nodejs": `"$(dirname "$0")/language-host.cjs" "$@"`,
    // The SDK reads its arguments as if a script's path stood before them.
    "pulumi-resource-pulumi-nodejs": `-e '${provider}' dynamic-provider "$@"`,
  };
  for (const [name, words] of Object.entries(scripts)) {
    const text = `#!/bin/sh\nexec node ${words}\n`;
    fs.writeFileSync(path.join(bin, name), text, { mode: 0o755 });
  }
}

module.exports = { build };

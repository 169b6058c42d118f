const { createHash } = require("node:crypto");
const { execFileSync } = require("node:child_process");
const dns = require("node:dns/promises");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { build } = require("./build.cjs");
const { withLock } = require("./lock.cjs");

const cli = process.platform === "win32" ? "pulumi.exe" : "pulumi";
const host = "pulumi-language-nodejs";
const probeMs = 3_000;
const retryAfterMs = 24 * 3_600_000;

/**
 * Makes sure that `npx pulumi` finds a CLI, and answers the environment that
 * it needs: nothing where Pulumi's own is used, else a PULUMI_HOME of the
 * project's, because a stand-in in ~/.pulumi would serve the user's other
 * projects too.
 */
async function ensureEngine(root) {
  const { version } = require(
    path.join(root, "node_modules/pulumi/package.json"),
  );
  const userHome =
    process.env.PULUMI_HOME ?? path.join(os.homedir(), ".pulumi");
  if (complete(binOf(userHome, version))) return {};
  const home = ownHome(version);
  const bin = binOf(home, version);
  fs.mkdirSync(home, { recursive: true, mode: 0o700 });
  const environment = { PULUMI_HOME: home };
  if (complete(bin) && !dueForRetry(home)) return environment;
  return withLock(path.join(home, "lock"), "build of the engine", async () => {
    const installed = installedBin(version);
    if (installed) {
      fs.rmSync(path.dirname(bin), { recursive: true, force: true });
      fs.mkdirSync(path.dirname(bin), { recursive: true });
      fs.symlinkSync(installed, bin);
      return environment;
    }
    if (await download(root, version, userHome)) {
      fs.rmSync(home, { recursive: true, force: true });
      return {};
    }
    fs.writeFileSync(path.join(home, "download-tried"), "");
    if (!complete(bin)) await build({ version, bin, cli });
    return environment;
  });
}

function binOf(home, version) {
  return path.join(home, "versions", version, "bin");
}

function complete(bin) {
  return [cli, host].every((name) => {
    try {
      fs.accessSync(path.join(bin, name), fs.constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Named by what it is built from: another version of these is another home. */
function ownHome(version) {
  const hash = createHash("sha256").update(
    `${version} ${process.platform} ${process.arch}`,
  );
  for (const file of ["go.mod", "go.sum", "language-host.cjs", "build.cjs"]) {
    hash.update(fs.readFileSync(path.join(__dirname, file)));
  }
  const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache");
  return path.join(
    cache,
    "hybrid-site",
    `pulumi-${hash.digest("hex").slice(0, 16)}`,
  );
}

/** A `pulumi` of just this version on the PATH, with its language host beside it. */
function installedBin(version) {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    const file = path.join(folder, cli);
    if (folder.includes("node_modules") || !complete(folder)) continue;
    try {
      const told = execFileSync(file, ["version"], {
        encoding: "utf8",
        timeout: 20_000,
      });
      if (told.trim() === `v${version}`)
        return path.dirname(fs.realpathSync(file));
    } catch {
      // Not a working CLI.
    }
  }
  return undefined;
}

function dueForRetry(home) {
  try {
    const { mtimeMs } = fs.statSync(path.join(home, "download-tried"));
    return Date.now() - mtimeMs > retryAfterMs;
  } catch {
    return true;
  }
}

/** Pulumi's own launcher does it; asked first is only whether its host answers. */
async function download(root, version, userHome) {
  try {
    await dns.lookup("get.pulumi.com");
    await fetch("https://get.pulumi.com/install.sh", {
      signal: AbortSignal.timeout(probeMs),
    });
    const { installCLI } = require(
      path.join(root, "node_modules/pulumi/lib/download.js"),
    );
    console.error(`Downloading Pulumi ${version}...`);
    await installCLI(version, path.join(userHome, "versions", version));
    return complete(binOf(userHome, version));
  } catch {
    return false;
  }
}

module.exports = { ensureEngine };

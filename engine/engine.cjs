const { createHash } = require("node:crypto");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { build } = require("./build.cjs");
const { withLock } = require("./lock.cjs");
const { ensurePackages } = require("./packages.cjs");

const probeMs = 3_000;
const dayMs = 24 * 3_600_000;

/**
 * Makes sure that `npx pulumi` finds a CLI, and answers the environment that
 * it needs: nothing where Pulumi's own is used, else a PULUMI_HOME of the
 * project's, because a stand-in in ~/.pulumi would serve the user's other
 * projects too.
 */
async function ensureEngine(root) {
  const version = require(path.join(root, "package.json")).dependencies.pulumi;
  const below = (folder) => path.join(folder, "versions", version, "bin");
  const { PULUMI_HOME, XDG_CACHE_HOME } = process.env;
  const users = below(PULUMI_HOME ?? path.join(os.homedir(), ".pulumi"));
  const cache = XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache");
  const home = path.join(cache, "hybrid-site", contentHash(version));
  const bin = below(home);
  const giveUp = () => fs.rmSync(home, { recursive: true, force: true });
  if (complete(users)) {
    if (users !== bin) giveUp();
    return {};
  }
  const tried = path.join(home, "looked-for-pulumi");
  const triedAt = () => fs.statSync(tried, { throwIfNoEntry: false })?.mtimeMs;
  const settled = () => complete(bin) && triedAt() > Date.now() - dayMs;
  const answer = { PULUMI_HOME: home };
  if (settled()) return answer;
  fs.mkdirSync(path.dirname(bin), { recursive: true, mode: 0o700 });
  return withLock(`${home}.lock`, "installation of Pulumi", async () => {
    if (settled()) return answer;
    const installed = installedBin(version);
    if (!installed && (await download(root, users, version))) {
      giveUp();
      return {};
    }
    if (installed || !complete(bin)) {
      fs.rmSync(bin, { recursive: true, force: true });
      if (installed) fs.symlinkSync(installed, bin);
      else await build(version, bin);
    }
    fs.writeFileSync(tried, "");
    return answer;
  });
}

function complete(bin) {
  const has = (name) => fs.existsSync(path.join(bin, name));
  const names = ["pulumi", "pulumi-language-nodejs"];
  return names.every((name) => has(name) || has(`${name}.exe`));
}

/** Of what a home is built from: another version of these is another home. */
function contentHash(version) {
  const system = `${version} ${process.platform} ${process.arch}`;
  const hash = createHash("sha256").update(system);
  for (const file of ["go.mod", "go.sum", "language-host.cjs", "build.cjs"])
    hash.update(fs.readFileSync(path.join(__dirname, file)));
  return `pulumi-${hash.digest("hex").slice(0, 16)}`;
}

/** The first `pulumi` on the PATH, if it is of just this version and whole. */
function installedBin(version) {
  const file = process.env.PATH.split(path.delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => path.join(folder, "pulumi"))
    .find((name) => fs.existsSync(name));
  const bin = file && path.dirname(fs.realpathSync(file));
  if (!bin || !complete(bin)) return undefined;
  const { stdout } = spawnSync(file, ["version"]);
  return String(stdout).trim() === `v${version}` ? bin : undefined;
}

/** Pulumi's own launcher does it; asked first is only whether its host answers. */
async function download(root, bin, version) {
  try {
    const signal = AbortSignal.timeout(probeMs);
    const reply = await fetch("https://get.pulumi.com/install.sh", { signal });
    if (!reply.ok) return false;
    console.error(`Downloading Pulumi ${version}...`);
    await ensurePackages(root);
    const launcher = path.join(root, "node_modules/pulumi/lib/download.js");
    await require(launcher).installCLI(version, path.dirname(bin));
    return complete(bin);
  } catch {
    return false;
  }
}

module.exports = { ensureEngine };

const { createHash } = require("node:crypto");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { isDeepStrictEqual } = require("node:util");
const { withLock } = require("./lock.cjs");

/** Installs the packages of package-lock.json unless just those are there. */
async function ensurePackages(root) {
  const lockFile = fs.readFileSync(path.join(root, "package-lock.json"));
  const wanted = createHash("sha256").update(lockFile).digest("hex");
  const mark = path.join(root, "node_modules", ".hybrid-site");
  const has = () => fs.existsSync(mark) && fs.readFileSync(mark, "utf8");
  if (has() === wanted) return;
  await withLock(path.join(root, ".npm-ci.lock"), "npm ci", async () => {
    if (has() === wanted) return;
    if (!isInstalled(root, lockFile)) install(root);
    fs.writeFileSync(mark, wanted);
  });
}

function install(root) {
  console.error("Installing packages (npm ci)...");
  // Its output is no part of what the command itself prints.
  const options = { cwd: root, stdio: ["ignore", 2, 2] };
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error } = spawnSync("npm", args, options);
  if (status === 0) return;
  const cause = error?.message ?? `npm ci ended with ${status} (see above)`;
  throw new Error(
    `Unable to install the packages: ${cause}. It needs npm and the npm registry.`,
  );
}

/**
 * Whether npm itself, called by hand, has installed them: it writes down at the
 * end what is there, without what is for other systems.
 */
function isInstalled(root, lockFile) {
  const file = path.join(root, "node_modules", ".package-lock.json");
  if (!fs.existsSync(file)) return false;
  try {
    const { packages: there } = JSON.parse(fs.readFileSync(file, "utf8"));
    const { "": _root, ...all } = JSON.parse(lockFile.toString()).packages;
    return (
      Object.keys(there).every((name) => name in all) &&
      Object.entries(all).every(([name, item]) =>
        name in there
          ? isDeepStrictEqual(there[name], item)
          : item.optional === true,
      )
    );
  } catch {
    // Cut off or of another form: npm ci makes it anew.
    return false;
  }
}

module.exports = { ensurePackages };

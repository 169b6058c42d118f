const { createHash } = require("node:crypto");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
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
    console.error("Installing packages (npm ci)...");
    // Its output is no part of what the command itself prints.
    const options = { cwd: root, stdio: ["ignore", 2, 2] };
    const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    const { status, error } = spawnSync("npm", args, options);
    if (status !== 0) {
      const cause = error?.message ?? `npm ci ended with ${status} (see above)`;
      throw new Error(
        `Unable to install the packages: ${cause}. It needs npm and the npm registry.`,
      );
    }
    fs.writeFileSync(mark, wanted);
  });
}

module.exports = { ensurePackages };

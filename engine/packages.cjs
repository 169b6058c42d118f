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
  if (read(mark) === wanted) return;
  await withLock(path.join(root, ".npm-ci.lock"), "npm ci", async () => {
    if (read(mark) === wanted) return;
    console.error("Installing packages (npm ci)...");
    const { status, error } = spawnSync(
      "npm",
      ["ci", "--no-audit", "--no-fund"],
      {
        cwd: root,
        // Its output is no part of what the command itself prints.
        stdio: ["ignore", 2, 2],
      },
    );
    if (status !== 0) {
      throw new Error(
        `Unable to install the packages: npm ci ${error ? `cannot start (${error.message})` : `ended with ${status}`}. See above; it needs npm and the npm registry.`,
      );
    }
    fs.writeFileSync(mark, wanted);
  });
}

function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

module.exports = { ensurePackages };

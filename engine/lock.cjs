const fs = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");

const pollMs = 300;

/** Runs `work` alone on this machine; a dead holder's lock is taken over. */
async function withLock(file, what, work) {
  let told = false;
  while (!take(file)) {
    if (!told) console.error(`Waiting for another ${what} to end...`);
    told = true;
    await sleep(pollMs);
  }
  const release = () => fs.rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

function take(file) {
  // Written whole under a name of our own, then linked: no reader sees half.
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!holderAlive(file)) fs.rmSync(file, { force: true });
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function holderAlive(file) {
  try {
    process.kill(Number(fs.readFileSync(file, "utf8")), 0);
    return true;
  } catch (error) {
    // EPERM: alive, somebody else's. ENOENT: released since; try again.
    return error.code === "EPERM" || error.code === "ENOENT";
  }
}

module.exports = { withLock };

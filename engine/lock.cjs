const fs = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");

/** Runs `work` alone on this machine; a dead holder's lock is taken over. */
async function withLock(file, what, work) {
  for (let told = false; !take(file); told = true) {
    if (!told) console.error(`Waiting for another ${what} to end...`);
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
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
    if (!holderLives(file)) {
      fs.renameSync(file, own);
      // Another may have taken it over just before: it keeps it.
      if (holderLives(own)) fs.linkSync(own, file);
    }
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function holderLives(file) {
  try {
    process.kill(Number(fs.readFileSync(file, "utf8")), 0);
    return true;
  } catch (error) {
    // EPERM: alive, somebody else's. ENOENT: released since.
    return error.code === "EPERM" || error.code === "ENOENT";
  }
}

module.exports = { withLock };

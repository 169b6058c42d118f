import type { Call } from "../../tool";
import { options, usage } from "../options";
import { importedPools } from "../pool";
import { isScanning } from "../scan";
import { settle } from "../settle";
import { openPool } from "./change";

const activities = [
  "discard",
  "free",
  "initialize",
  "replace",
  "remove",
  "resilver",
  "scrub",
  "trim",
  "raidz_expand",
];

export async function wait(
  call: Call,
  words: readonly string[],
): Promise<number> {
  const given = options(call, words, "HpT:t:");
  const [name] = given.operands;
  if (name === undefined) throw usage(call, "missing 'pool' argument");
  const asked = given.value("t")?.split(",") ?? activities;
  const wrong = asked.find((activity) => !activities.includes(activity));
  if (wrong !== undefined) throw usage(call, `invalid activity '${wrong}'`);
  const { guid } = openPool(call, name);
  for (const activity of asked) await waitFor(call, guid, activity);
  return 0;
}

/** Until it is over, or whoever waits is gone. */
export async function waitFor(
  call: Call,
  guid: string,
  activity: string,
): Promise<void> {
  for (;;) {
    settle(call.world);
    const pool = importedPools(call.world).find((item) => item.guid === guid);
    const isBusy =
      activity === "resilver" || activity === "replace"
        ? pool !== undefined && isScanning(pool, "RESILVER")
        : activity === "scrub"
          ? pool !== undefined &&
            isScanning(pool, "SCRUB") &&
            pool.scan?.pausedAt === undefined
          : activity === "raidz_expand" &&
            pool?.expansion?.state === "SCANNING";
    if (!isBusy || call.signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import { EngineGone } from "../../dynamic/engine";
import { UserError } from "../../dynamic/failure";
import type { Place } from "../place";
import type { Pool, Vdev } from "../zfs/pool";
import { nameOfLeaf } from "./layout";
import { scanWords } from "./observe";

const firstPauseMs = 500;
const longestPauseMs = 30_000;
const tellEveryPercent = 10;
/** Looks at which nothing runs and the work is not done. */
const looksInVain = 6;

/** The disks that take others' places and are not done. */
export function incoming(pool: Pool): string[] {
  const inside = (vdev: Vdev): string[] =>
    vdev.type === "replacing"
      ? vdev.children.slice(1).map(nameOfLeaf)
      : vdev.children.flatMap(inside);
  return Object.values(pool.top).flat().flatMap(inside);
}

export function isBusy(pool: Pool): boolean {
  return ["resilver", "expansion"].includes(pool.scan.running ?? "");
}

/**
 * Until nothing of the pool is rebuilt any more. It goes on without us:
 * giving up costs nothing but the news.
 */
export async function settled(
  { zfs, operation }: Place,
  guid: string,
): Promise<Pool> {
  const { signal, tell } = operation;
  let idle = 0;
  let told = -tellEveryPercent;
  let words = "a resilver";
  for (
    let pause = firstPauseMs;
    ;
    pause = Math.min(pause * 1.5, longestPauseMs)
  ) {
    try {
      const pool = (await zfs.pools()).find((item) => item.guid === guid);
      if (pool === undefined)
        throw new UserError("the pool was exported meanwhile");
      const waiting = incoming(pool);
      if (!isBusy(pool) && waiting.length === 0) return pool;
      idle = isBusy(pool) ? 0 : idle + 1;
      words =
        waiting.length > 0
          ? `the resilver of ${waiting.join(", ")}`
          : `the ${pool.scan.running}`;
      if (idle === looksInVain) {
        throw new UserError(
          `${words} has stopped and is not complete (${scanWords(pool)}). "zpool status -v ${pool.name}" on the host says why; nothing is detached here`,
        );
      }
      const done = pool.scan.done ?? 0;
      if (done >= told + tellEveryPercent) {
        told = done - (done % tellEveryPercent);
        tell(`${words}: ${scanWords(pool)}`);
      }
      await sleep(pause, undefined, { signal });
    } catch (error) {
      if (!signal.aborted || signal.reason instanceof EngineGone) throw error;
      throw new UserError(
        `${(signal.reason as Error).message}, waiting for ${words} (${Math.max(told, 0)} % when it was last told). It goes on by itself; the next "pulumi up" carries on where it is then`,
      );
    }
  }
}

import { ctime, duration, niceBytes } from "../format";
import type { Expansion, Pool, Scan } from "../pool";
import { progress } from "../scan";
import { typeName } from "../tree";

/** The "scan:" of a status, without a line where there never was any. */
export function scanText({ scan }: Pool): string {
  if (scan === undefined) return "";
  return `  scan: ${scan.what === "SCRUB" ? scrub(scan) : resilver(scan)}`;
}

const seconds = (scan: Scan) =>
  ((scan.endedAt ?? scan.startedAt) - scan.startedAt) / 1_000;

function scrub(scan: Scan): string {
  if (scan.state === "FINISHED")
    return `scrub repaired 0B in ${duration(seconds(scan))} with 0 errors on ${ctime(scan.endedAt ?? 0)}\n`;
  if (scan.state === "CANCELED")
    return `scrub canceled on ${ctime(scan.endedAt ?? 0)}\n`;
  const start =
    scan.pausedAt === undefined
      ? `scrub in progress since ${ctime(scan.startedAt)}\n`
      : `scrub paused since ${ctime(scan.pausedAt)}\n\tscrub started on ${ctime(scan.startedAt)}\n`;
  return `${start}${numbers(scan)}\t0B repaired, ${percent(scan)}% done${left(scan)}`;
}

function resilver(scan: Scan): string {
  if (scan.state === "FINISHED")
    return `resilvered ${niceBytes(scan.bytes)} in ${duration(seconds(scan))} with 0 errors on ${ctime(scan.endedAt ?? 0)}\n`;
  if (scan.state === "CANCELED")
    return `resilver canceled on ${ctime(scan.endedAt ?? 0)}\n`;
  return `resilver in progress since ${ctime(scan.startedAt)}\n${numbers(scan)}\t${niceBytes(done(scan))} resilvered, ${percent(scan)}% done${left(scan)}`;
}

export const done = (scan: Scan) => Math.floor(scan.bytes * progress(scan));

const percent = (scan: Scan) => (100 * progress(scan)).toFixed(2);

function numbers(scan: Scan): string {
  const now = done(scan);
  const elapsed = Math.max(
    1,
    Math.floor((Date.now() - scan.startedAt) / 1_000),
  );
  const rate = Math.floor(now / elapsed);
  const at =
    scan.pausedAt === undefined && rate > 0 ? ` at ${niceBytes(rate)}/s` : "";
  const [part, whole] = [niceBytes(now), niceBytes(scan.bytes)];
  return `\t${part} / ${whole} scanned${at}, ${part} / ${whole} issued${at}\n`;
}

function left(scan: Scan): string {
  return scan.pausedAt === undefined
    ? ", no estimated completion time\n"
    : "\n";
}

export function expansionText(pool: Pool): string {
  const { expansion } = pool;
  if (expansion === undefined) return "";
  const id = pool.root.children.findIndex(
    ({ guid }) => guid === expansion.vdev,
  );
  const top = pool.root.children[id];
  const name = `${top === undefined ? "raidz" : typeName(top)}-${id}`;
  if (expansion.state === "FINISHED") {
    const took = ((expansion.endedAt ?? 0) - expansion.startedAt) / 1_000;
    return `expand: expanded ${name} copied ${niceBytes(expansion.bytes)} in ${duration(took)}, on ${ctime(expansion.endedAt ?? 0)}\n`;
  }
  const copied = reflowed(expansion);
  const elapsed = Math.max(1, (Date.now() - expansion.startedAt) / 1_000);
  const rate = Math.max(1, Math.floor(copied / elapsed));
  const togo = duration((expansion.bytes - copied) / rate);
  const share = ((100 * copied) / expansion.bytes).toFixed(2);
  return `expand: expansion of ${name} in progress since ${ctime(expansion.startedAt)}\n\t${niceBytes(copied)} / ${niceBytes(expansion.bytes)} copied at ${niceBytes(rate)}/s, ${share}% done, ${togo} to go\n`;
}

export const reflowed = (expansion: Expansion) =>
  Math.max(1, Math.floor(expansion.bytes * progress(expansion)));

import type { Call } from "../../tool";
import { Disks } from "../disks";
import {
  auxiliaryText,
  type Health,
  type Healths,
  healthOf,
  stateText,
} from "../health";
import { stringify } from "../json";
import { type NameOptions, vdevName } from "../names";
import { options, usage } from "../options";
import { importedPools, type Pool } from "../pool";
import { isScanning } from "../scan";
import { isAtLeast23, settingsOf } from "../settings";
import type { Vdev } from "../tree";
import { healthWord } from "./properties";
import { reasonOf } from "./reason";
import { expansionText, scanText } from "./scan-text";
import { statusJson } from "./status-json";

const longOptions = {
  json: "j",
  "json-int": "1",
  "json-flat-vdevs": "2",
  "json-pool-key-guid": "3",
  power: "4",
};

export interface StatusOptions extends NameOptions {
  exact: boolean;
  asInteger: boolean;
  keyGuid: boolean;
  flat: boolean;
}

export function status(call: Call, words: readonly string[]): number {
  const { world } = call;
  const hasJson = isAtLeast23(settingsOf(world));
  const given = hasJson
    ? options(call, words, "c:jDegiLpPstT:vx", longOptions)
    : options(call, words, "c:DegiLpPstT:vx", { power: "4" });
  for (const [flag, text] of [
    ["2", "'--json-flat-vdevs' only works with '-j' option"],
    ["1", "'--json-int' only works with '-j' option"],
    ["3", "'json-pool-key-guid' only works with '-j' option"],
  ] as const)
    if (given.has(flag) && !given.has("j")) throw usage(call, text);
  const names = given.operands.filter((word) => !/^[\d.]+$/.test(word));
  const [pools, code] = openPools(call, names);
  const disks = new Disks(world);
  const style: StatusOptions = {
    guid: given.has("g"),
    follow: given.has("L"),
    path: given.has("P"),
    exact: given.has("p") || given.has("1"),
    asInteger: given.has("1"),
    keyGuid: given.has("3"),
    flat: given.has("2"),
  };
  const looks = pools
    .map((pool) => {
      const health = healthOf(pool, disks);
      return { pool, health, reason: reasonOf(pool, health) };
    })
    .filter(({ pool, reason }) => {
      if (!given.has("x") || reason !== undefined) return true;
      if (names.length > 0 && !given.has("j"))
        call.stdout.write(`pool '${pool.name}' is healthy\n`);
      return false;
    });
  if (given.has("j")) {
    if (code === 0)
      call.stdout.write(
        `${stringify(statusJson(world, disks, looks, style))}\n`,
      );
    return code;
  }
  call.stdout.write(looks.map((look) => text(disks, look, style)).join("\n"));
  if (names.length === 0 && pools.length === 0)
    call.stderr.write("no pools available\n");
  else if (given.has("x") && names.length === 0 && looks.length === 0)
    call.stdout.write("all pools are healthy\n");
  return code;
}

/** By name; of one that is not there it says so. */
export function openPools(
  call: Pick<Call, "stderr" | "world">,
  names: readonly string[],
): [Pool[], number] {
  const all = importedPools(call.world);
  if (names.length === 0) return [all, 0];
  let code = 0;
  const found: Pool[] = [];
  for (const name of names) {
    const pool = all.find((item) => item.name === name);
    if (pool !== undefined) found.push(pool);
    else {
      call.stderr.write(`cannot open '${name}': no such pool\n`);
      code = 1;
    }
  }
  return [found, code];
}

interface Look {
  pool: Pool;
  health: Healths;
  reason: ReturnType<typeof reasonOf>;
}

function text(
  disks: Disks,
  { health, pool, reason }: Look,
  style: StatusOptions,
): string {
  const parts = [`  pool: ${pool.name}\n state: ${healthWord(pool, health)}\n`];
  if (reason !== undefined)
    parts.push(`status: ${reason.status}action: ${reason.action}`);
  if (reason?.message !== undefined)
    parts.push(
      `   see: https://openzfs.github.io/openzfs-docs/msg/${reason.message}\n`,
    );
  parts.push(scanText(pool), expansionText(pool));
  const name = (vdev: Vdev, id: number) => vdevName(vdev, id, style, disks);
  const width = Math.max(10, widest(pool, name));
  const heading = `\t${"NAME".padEnd(width)}  ${"STATE".padEnd(8)} ${" READ WRITE CKSUM".padStart(17)}\n`;
  parts.push("config:\n\n", heading);
  const line = (vdev: Vdev, title: string, depth: number, isSpare = false) => {
    const key = isSpare ? `spare:${vdev.guid}` : vdev.guid;
    const own = health.get(key) ?? { state: "ONLINE" };
    const named = `${" ".repeat(depth)}${title.padEnd(width - depth)}`;
    const counts = isSpare ? "" : "     0     0     0";
    const note = noteOf(vdev, own, isSpare);
    const busy = isSpare ? "" : busyText(pool, vdev, own);
    parts.push(
      `\t${named}  ${word(own, isSpare).padEnd(8)}${counts}${note}${busy}\n`,
    );
  };
  const walk = (vdev: Vdev, title: string, depth: number) => {
    line(vdev, title, depth);
    for (const [id, child] of vdev.children.entries()) {
      if (child.bias !== undefined && depth === 0) continue;
      walk(child, name(child, id), depth + 2);
    }
  };
  walk(pool.root, pool.name, 0);
  for (const [bias, title] of [
    ["dedup", "dedup"],
    ["special", "special"],
    ["log", "logs"],
  ] as const) {
    const tops = [...pool.root.children.entries()].filter(
      ([, top]) => top.bias === bias,
    );
    if (tops.length > 0) parts.push(`\t${title}\t\n`);
    for (const [id, top] of tops) walk(top, name(top, id), 2);
  }
  for (const [title, vdevs] of [
    ["cache", pool.caches],
    ["spares", pool.spares],
  ] as const) {
    if (vdevs.length > 0) parts.push(`\t${title}\n`);
    for (const [id, vdev] of vdevs.entries())
      line(vdev, name(vdev, id), 2, title === "spares");
  }
  parts.push("\nerrors: No known data errors\n");
  return parts.join("");
}

function word(health: Health, isSpare: boolean): string {
  if (!isSpare) return stateText(health);
  if (health.aux === "SPARED") return "INUSE";
  return health.state === "ONLINE" ? "AVAIL" : stateText(health);
}

function noteOf(vdev: Vdev, { aux }: Health, isSpare: boolean): string {
  if (vdev.notPresent && !isSpare) return `  was ${vdev.path}`;
  return aux === undefined ? "" : `  ${auxiliaryText(aux)}`;
}

function busyText(pool: Pool, vdev: Vdev, { state }: Health): string {
  const isBusy = isScanning(pool) && vdev.kind === "disk" && state === "ONLINE";
  return isBusy && vdev.stale && pool.scan?.what === "RESILVER"
    ? "  (resilvering)"
    : "";
}

export function widest(
  pool: Pick<Pool, "root" | "spares" | "caches" | "name">,
  name: (vdev: Vdev, id: number) => string,
): number {
  const depths = (vdev: Vdev, title: string, depth: number): number =>
    Math.max(
      depth + title.length,
      ...vdev.children.map((child, id) =>
        depths(child, name(child, id), depth + 2),
      ),
    );
  return Math.max(
    depths(pool.root, pool.name, 0),
    ...[...pool.spares, ...pool.caches].map(
      (vdev, id) => name(vdev, id).length + 2,
    ),
  );
}

import { appendFileSync, mkdirSync } from "node:fs";
import type { HostWorld } from "../world";

const folder = "/root/.targetcli";

const defaults = {
  auto_add_default_portal: true,
  auto_add_mapped_luns: true,
  auto_enable_tpgt: true,
  auto_save_on_exit: true,
};

export type Preferences = typeof defaults;

/** Of root's, kept from run to run. */
export function preferencesOf(world: HostWorld): Preferences {
  return { ...defaults, ...world.load("targetcli", {}) };
}

export function isPreference(key: string): key is keyof Preferences {
  return key in defaults;
}

export function savePreferences(world: HostWorld, value: Preferences): void {
  world.save("targetcli", value);
}

/** The tool writes each line that it is given there, whatever stands in it. */
export function logLine(world: HostWorld, line: string): void {
  mkdirSync(world.path(folder), { recursive: true, mode: 0o755 });
  const date = new Date().toISOString().slice(0, 19).replace("T", " ");
  appendFileSync(
    world.path(`${folder}/log.txt`),
    `[VERBOSE] ${date} Running command line '${line}'.\n`,
    { mode: 0o644 },
  );
}

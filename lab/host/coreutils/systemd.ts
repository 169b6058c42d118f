import { statSync } from "node:fs";
import type { Tool } from "../tool";
import type { HostWorld } from "../world";
import { gnu } from "./gnu";

interface Unit {
  active: boolean;
  enabled: boolean;
  /** How often it was told to reload or restart. */
  reloads: number;
  /** When its file was written, as it was when systemd read it. */
  readAt?: number;
}

type Units = Record<string, Unit>;

const fresh: Unit = { active: false, enabled: false, reloads: 0 };
const full = (name: string) => (name.includes(".") ? name : `${name}.service`);
const places = ["/etc/systemd/system", "/usr/lib/systemd/system"];

/** When a unit's file was written; undefined: it has none. */
function writtenAt(world: HostWorld, unit: string): number | undefined {
  for (const place of places) {
    const path = world.path(`${place}/${unit}`);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats) return stats.mtimeMs;
  }
  return undefined;
}

/** Of units that systemd has in its memory what their files say now. */
function readAll(world: HostWorld, units: Units): void {
  for (const [name, unit] of Object.entries(units))
    unit.readAt = writtenAt(world, name);
}

/** What a unit's start, reload or stop does on the machine. */
export type UnitEffects = Readonly<
  Record<
    string,
    Partial<Record<"start" | "reload" | "stop", (world: HostWorld) => void>> & {
      /** Its ExecCondition: a unit that does not meet it is not started, and that is no failure. */
      condition?: (world: HostWorld) => boolean;
    }
  >
>;

/** Units that the machine comes with, running and enabled. */
export function installUnits(world: HostWorld, names: readonly string[]): void {
  const units = world.load<Units>("units", {});
  for (const name of names)
    units[full(name)] ??= { active: true, enabled: true, reloads: 0 };
  world.save("units", units);
}

export function isEnabled(world: HostWorld, name: string): boolean {
  return world.load<Units>("units", {})[name]?.enabled ?? false;
}

function start(world: HostWorld, effect: UnitEffects[string] = {}): boolean {
  if (effect.condition?.(world) === false) return false;
  effect.start?.(world);
  return true;
}

/** As systemd does at boot, with those that are enabled. */
export function bootUnits(world: HostWorld, effects: UnitEffects): void {
  const units = world.load<Units>("units", {});
  for (const [name, unit] of Object.entries(units)) {
    unit.active = unit.enabled && start(world, effects[name]);
  }
  readAll(world, units);
  world.save("units", units);
}

/** In systemd's own order; a unit that is not there is shown, too. */
function shown(
  world: HostWorld,
  name: string,
  units: Units,
): [string, string][] {
  const unit = units[name];
  const written = writtenAt(world, name);
  const isThere = unit !== undefined || written !== undefined;
  const isStale = unit?.readAt !== undefined && unit.readAt !== written;
  return [
    ["LoadState", isThere ? "loaded" : "not-found"],
    ["ActiveState", unit?.active ? "active" : "inactive"],
    ["UnitFileState", isThere ? (unit?.enabled ? "enabled" : "disabled") : ""],
    ["NeedDaemonReload", isStale ? "yes" : "no"],
  ];
}

/** Units are those with a file, and those that the machine comes with. */
export const systemctl =
  (effects: UnitEffects): Tool =>
  (call) => {
    const parsed = gnu(call, "systemctl", {
      now: { type: "boolean" },
      quiet: { type: "boolean", short: "q" },
      "no-block": { type: "boolean" },
      property: { type: "string", short: "p" },
    });
    if (parsed === undefined) return 1;
    const [verb = "", ...names] = parsed.operands;
    const units = call.world.load<Units>("units", {});
    if (verb === "daemon-reload") {
      readAll(call.world, units);
      call.world.save("units", units);
      return 0;
    }
    const unknown = names.filter(
      (name) =>
        units[full(name)] === undefined &&
        writtenAt(call.world, full(name)) === undefined,
    );
    if (verb === "show") {
      const asked = `${parsed.flags.property ?? ""}`.split(",");
      const paragraphs = names.map((name) =>
        shown(call.world, full(name), units)
          .filter(([key]) => asked[0] === "" || asked.includes(key))
          .map(([key, value]) => `${key}=${value}\n`)
          .join(""),
      );
      call.stdout.write(paragraphs.join("\n"));
      return 0;
    }
    if (verb === "is-active" || verb === "is-enabled") {
      const key = verb === "is-active" ? "active" : "enabled";
      const [no, yes] =
        key === "active" ? ["inactive", "active"] : ["disabled", "enabled"];
      const states = names.map((name) => units[full(name)]?.[key] === true);
      if (!parsed.flags.quiet)
        for (const state of states) call.stdout.write(`${state ? yes : no}\n`);
      return states.every(Boolean) ? 0 : key === "active" ? 3 : 1;
    }
    if (unknown.length > 0) {
      for (const name of unknown)
        call.stderr.write(
          verb === "enable" || verb === "disable"
            ? `Failed to ${verb} unit: Unit ${full(name)} does not exist\n`
            : `Failed to ${verb} ${full(name)}: Unit ${full(name)} not found.\n`,
        );
      return verb === "enable" || verb === "disable" ? 1 : 5;
    }
    for (const name of names) {
      const unit = { ...(units[full(name)] ?? fresh) };
      const effect = effects[full(name)];
      if (["start", "restart", "reload-or-restart"].includes(verb)) {
        if (verb === "restart") effect?.stop?.(call.world);
        const isRunning = unit.active && verb !== "restart";
        if (!isRunning) unit.active = start(call.world, effect);
        else if (verb === "reload-or-restart") effect?.reload?.(call.world);
      }
      if (["restart", "reload", "reload-or-restart"].includes(verb)) {
        if (verb === "reload" && !unit.active) {
          call.stderr.write(`${full(name)} is not active, cannot reload.\n`);
          return 1;
        }
        if (verb === "reload") effect?.reload?.(call.world);
        unit.reloads += 1;
      }
      if (verb === "stop") {
        if (unit.active) effect?.stop?.(call.world);
        unit.active = false;
      }
      unit.readAt ??= writtenAt(call.world, full(name));
      if (verb === "enable" || verb === "disable") {
        // It has systemd read all files anew.
        readAll(call.world, units);
        unit.readAt = writtenAt(call.world, full(name));
        unit.enabled = verb === "enable";
        if (parsed.flags.now && unit.active !== unit.enabled) {
          if (!unit.enabled) effect?.stop?.(call.world);
          unit.active = unit.enabled && start(call.world, effect);
        }
      }
      if (
        ![
          "start",
          "restart",
          "reload-or-restart",
          "reload",
          "stop",
          "enable",
          "disable",
        ].includes(verb)
      ) {
        call.stderr.write(`Unknown command verb ${verb}.\n`);
        return 1;
      }
      units[full(name)] = unit;
    }
    call.world.save("units", units);
    return 0;
  };

export const tools: Record<string, Tool> = { systemctl: systemctl({}) };

import { createHash } from "node:crypto";
import type { HostWorld } from "../world";

export interface ZfsSettings {
  /** "2.3.9"; a 2.2 has no JSON and no raidz expansion. */
  version: string;
  resilverMs: number;
  scrubMs: number;
  expandMs: number;
  /** How long after a disk's failure ZED puts a spare in its place. */
  zedMs: number;
  /** Hexadecimal, as in /etc/hostid. */
  hostid: string;
  seed: string;
}

interface Kernel {
  settings: ZfsSettings;
  /** How many GUIDs were made. */
  guids: number;
  /** GUIDs of the pools that are imported. */
  imported: string[];
}

const part = "zfs";

function load(world: HostWorld): Kernel {
  return world.load<Kernel>(part, {
    settings: {
      version: "2.3.9",
      resilverMs: 2_000,
      scrubMs: 2_000,
      expandMs: 2_000,
      zedMs: 0,
      hostid: createHash("sha256").update(world.name).digest("hex").slice(0, 8),
      seed: world.name,
    },
    guids: 0,
    imported: [],
  });
}

export function settingsOf(world: HostWorld): ZfsSettings {
  return load(world).settings;
}

export function configureZfs(
  world: HostWorld,
  settings: Partial<ZfsSettings>,
): void {
  const kernel = load(world);
  kernel.settings = { ...kernel.settings, ...settings };
  world.save(part, kernel);
}

/** 64 bits in decimal digits; the same ones again in a world of the same seed. */
export function newGuid(world: HostWorld): string {
  const kernel = load(world);
  kernel.guids++;
  world.save(part, kernel);
  const text = `${kernel.settings.seed}:${kernel.guids}`;
  const guid = createHash("sha256").update(text).digest().readBigUInt64BE(0);
  return `${guid}`;
}

export function importedGuids(world: HostWorld): readonly string[] {
  return load(world).imported;
}

export function setImported(world: HostWorld, guids: readonly string[]): void {
  const kernel = load(world);
  kernel.imported = [...guids];
  world.save(part, kernel);
}

/** 2.3 brought JSON output and the expansion of raidz. */
export function isAtLeast23({ version }: ZfsSettings): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 3);
}

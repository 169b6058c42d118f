import { createHash } from "node:crypto";
import type { Call } from "./call";
import { die } from "./failure";
import { allDriveKeys, isUnused } from "./guests/drive-formats";
import { parse } from "./property-strings";
import type { Config, Guest, World } from "./world";

export const hiddenPassword = "**********";

/** The configuration file as PVE writes it; its SHA-1 is the digest. */
export function configFile(guest: Guest): string {
  const { config, pending, forced = [], cloudinit = {} } = guest;
  const removed = Object.keys(pending)
    .filter((key) => pending[key] === null)
    .map((key) => (forced.includes(key) ? `!${key}` : key));
  const waiting = Object.fromEntries(
    Object.entries(pending).filter(([, value]) => value !== null),
  ) as Config;
  const sections = [
    section("", config),
    section(
      "[PENDING]",
      removed.length > 0 ? { ...waiting, delete: removed.join(",") } : waiting,
    ),
    section("[special:cloudinit]", cloudinit),
    ...Object.entries(guest.snapshots ?? {})
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, snapshot]) => section(`[${name}]`, snapshot)),
  ];
  return sections.filter(Boolean).join("\n");
}

function section(title: string, values: Config): string {
  const { description, ...rest } = values;
  const lines = Object.keys(rest)
    .sort()
    .map((key) => `${key}: ${rest[key]}`);
  const comment =
    description === undefined
      ? []
      : String(description)
          .split("\n")
          .map((line) => `#${encodeURI(line)}`);
  if (title && lines.length + comment.length === 0) return "";
  return `${[...(title ? [title] : []), ...comment, ...lines].join("\n")}\n`;
}

export function digestOf(guest: Guest): string {
  return createHash("sha1").update(configFile(guest)).digest("hex");
}

export function checkDigest(guest: Guest, digest: string | undefined): void {
  if (digest !== undefined && digest !== digestOf(guest))
    throw die("checksum mismatch (file change by other user?)");
}

/** With what waits, as GET .../config shows it. */
export function mergedConfig({ config, pending }: Guest): Config {
  const merged = { ...config };
  for (const [key, value] of Object.entries(pending)) {
    if (value === null) delete merged[key];
    else merged[key] = value;
  }
  return merged;
}

export function withoutPassword(config: Config): Config {
  return config.cipassword === undefined
    ? config
    : { ...config, cipassword: hiddenPassword };
}

/** With the reply as it is: the file is written, unused volumes that are used again left out. */
export function saveGuest(world: World, guest: Guest): void {
  const inUse = new Set<string>();
  for (const values of [guest.config, guest.pending]) {
    for (const key of allDriveKeys) {
      const value = values[key];
      if (typeof value !== "string") continue;
      inUse.add(parse(value, "file").file ?? "");
    }
  }
  for (const [key, value] of Object.entries(guest.config)) {
    if (isUnused(key) && inUse.has(String(value))) delete guest.config[key];
  }
  world.save("guests", guest);
}

export function checkGuest(call: Call): Guest {
  const vmid = Number(call.places[0]);
  const guest = call.world.guest(call.cluster, vmid);
  if (guest === undefined || guest.node !== call.node.name) {
    throw die(
      `Configuration file 'nodes/${call.node.name}/qemu-server/${vmid}.conf' does not exist`,
    );
  }
  return guest;
}

export function checkLock({ config }: Guest): void {
  if (config.lock) throw die(`VM is locked (${config.lock})`);
}

export function checkProtection({ config }: Guest, what: string): void {
  if (config.protection === 1) throw die(`${what} - protection mode enabled`);
}

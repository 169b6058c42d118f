import type { Versions } from "./facts";

const [release, kernel, zfs] = [
  "/etc/os-release",
  "/proc/sys/kernel/osrelease",
  "/sys/module/zfs/version",
];
export const versionPaths = [release, kernel, zfs];

const fields = ["Package", "Version", "db:Status-Status"];
export const packages = [
  "dpkg-query",
  "--show",
  `--showformat=${fields.map((name) => `$\{${name}}`).join(" ")}\\n`,
  "pve-manager",
] as const;

export function versionsOf(
  lines: (path: string) => readonly string[],
  installed: string,
): Versions {
  const name = lines(release).find((line) => line.startsWith("PRETTY_NAME="));
  const [, pve] = /^pve-manager (\S+) installed$/m.exec(installed) ?? [];
  return {
    distribution: name?.slice("PRETTY_NAME=".length).replaceAll('"', "") ?? "",
    kernel: lines(kernel)[0] ?? "",
    zfs: lines(zfs)[0],
    pve,
  };
}

import { readdirSync, readFileSync } from "node:fs";
import type { HostWorld } from "../world";

const alike = (name: string) => name.replaceAll("-", "_");

/** Words of each line below a folder of modprobe's or systemd's. */
export function linesIn(world: HostWorld, folder: string): string[][] {
  let names: string[];
  try {
    names = readdirSync(world.path(folder)).sort();
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".conf"))
    .flatMap((name) =>
      readFileSync(world.path(`${folder}/${name}`), "utf8").split("\n"),
    )
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/))
    .filter(([first]) => first);
}

export function isBlacklisted(world: HostWorld, module: string): boolean {
  return linesIn(world, "/etc/modprobe.d").some(
    ([verb, name = ""]) => verb === "blacklist" && alike(name) === module,
  );
}

export function parametersOf(
  world: HostWorld,
  module: string,
): Record<string, string> {
  return Object.fromEntries(
    linesIn(world, "/etc/modprobe.d")
      .filter(
        ([verb, name = ""]) => verb === "options" && alike(name) === module,
      )
      .flatMap(([, , ...words]) =>
        words.map((word) => word.split("=") as [string, string]),
      ),
  );
}

import { readdirSync, readFileSync } from "node:fs";
import type { HostWorld } from "../world";
import { isBound, presentIn } from "./driver";
import { loadQat } from "./state";
import { writeAttribute } from "./tee";

const folder = "/etc/udev/rules.d";

/** As udev does when the driver has bound a function. */
export function applyRules(world: HostWorld): void {
  const state = loadQat(world);
  const bound = presentIn(state).filter((item) => isBound(world, state, item));
  for (const rule of rulesIn(world))
    for (const address of bound) {
      const matches: Record<string, string> = {
        ACTION: "bind",
        SUBSYSTEM: "pci",
        KERNEL: address,
        DRIVER: "c6xx",
      };
      const isMeant = rule
        .filter(({ operator }) => operator === "==")
        .every(({ key, value }) => matches[key] === value);
      if (!isMeant) continue;
      for (const { key, operator, value } of rule) {
        const [, attribute] = /^ATTR\{(\w+)\}$/.exec(key) ?? [];
        if (operator === "=" && attribute)
          writeAttribute(world, address, attribute, value);
      }
    }
}

interface Term {
  key: string;
  operator: string;
  value: string;
}

function rulesIn(world: HostWorld): Term[][] {
  let names: string[];
  try {
    names = readdirSync(world.path(folder)).sort();
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".rules"))
    .flatMap((name) =>
      readFileSync(world.path(`${folder}/${name}`), "utf8").split("\n"),
    )
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) =>
      [...line.matchAll(/([A-Z]+(?:\{\w+\})?)(==|!=|=)"([^"]*)"/g)].map(
        ([, key = "", operator = "", value = ""]) => ({ key, operator, value }),
      ),
    );
}

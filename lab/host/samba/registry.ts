import type { HostWorld } from "../world";
import { isParametric, isValid, parameterOf, truth } from "./parameters";
import { isSame, type Section } from "./smb-conf";

/** What stands in registry.tdb below HKLM\Software\Samba\smbconf. */
export function loadRegistry(world: HostWorld): Section[] {
  return world.load<{ sections: Section[] }>("samba-registry", {
    sections: [],
  }).sections;
}

export function saveRegistry(world: HostWorld, sections: Section[]): void {
  world.save("samba-registry", { sections });
}

export function find(
  sections: readonly Section[],
  name: string,
): Section | undefined {
  return sections.find((section) => isSame(section.name, name));
}

/** [global] stands first, wherever it was made. */
export function ordered(sections: readonly Section[]): Section[] {
  const isGlobal = ({ name }: Section) => isSame(name, "global");
  return [
    ...sections.filter(isGlobal),
    ...sections.filter((section) => !isGlobal(section)),
  ];
}

export type Refusal = "unknown" | "invalid" | "global";

/** Writes under the parameter's own name; answers why it does not. */
export function store(
  section: Section,
  name: string,
  value: string,
): Refusal | undefined {
  if (isParametric(name)) {
    append(section, name, value);
    return undefined;
  }
  const parameter = parameterOf(name);
  if (parameter === undefined) return "unknown";
  if (!isSame(section.name, "global") && parameter.isGlobal) return "global";
  if (!isValid(parameter, value)) return "invalid";
  const meant = parameter.isInverse ? (truth(value) ? "no" : "yes") : value;
  append(section, parameter.name, meant);
  return undefined;
}

/** A value that is set anew stands last from then on. */
function append(section: Section, name: string, value: string): void {
  section.parameters = [
    ...section.parameters.filter(([other]) => !isSame(other, name)),
    [name, value],
  ];
}

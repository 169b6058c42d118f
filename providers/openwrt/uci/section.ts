/** Files below /etc/config that a router resource describes. */
export const configs = ["network", "firewall", "dhcp", "mwan3"] as const;
export type Config = (typeof configs)[number];

export type OptionValue = string | number | boolean | readonly string[];

/** A section as it is declared; `section` is its name, and what it is known by. */
export interface Section {
  section: string;
  type: string;
  options: Readonly<Record<string, OptionValue>>;
}

/** What UCI knows: an option is a text, a list texts. */
export type UciValue = string | readonly string[];

/** A section as the router has it. */
export interface FoundSection {
  name: string;
  type: string;
  /** Its name is made from its place, and so another when it moves. */
  anonymous: boolean;
  options: Readonly<Record<string, UciValue>>;
}

export function toUci(value: OptionValue): UciValue {
  if (typeof value === "boolean") return value ? "1" : "0";
  return typeof value === "number" ? String(value) : value;
}

export function sameValue(
  left: UciValue | undefined,
  right: UciValue | undefined,
): boolean {
  if (typeof left === "string" || typeof right === "string")
    return left === right;
  return (
    left?.length === right?.length &&
    (left ?? []).every((item, index) => item === right?.[index])
  );
}

/** As netifd, fw4, dnsmasq's script and mwan3 read a flag. */
const flags = new Map([
  ...["1", "on", "true", "yes", "enabled"].map((word) => [word, true] as const),
  ...["0", "off", "false", "no", "disabled"].map(
    (word) => [word, false] as const,
  ),
]);

/** The found value in the declared one's form, where it means the same. */
export function fromUci(
  found: UciValue,
  declared: OptionValue | undefined,
): OptionValue {
  if (declared !== undefined && sameValue(found, toUci(declared)))
    return declared;
  if (typeof found !== "string") return found;
  if (typeof declared === "boolean") return flags.get(found) ?? found;
  if (typeof declared === "number" && /^-?\d{1,15}$/.test(found))
    return Number(found);
  return found;
}

/** The answer of `uci get` for a whole file, in its order. */
export function sectionsOf(
  values: Record<string, Record<string, unknown>>,
): FoundSection[] {
  return Object.entries(values)
    .sort(
      ([, left], [, right]) => Number(left[".index"]) - Number(right[".index"]),
    )
    .map(([name, entries]) => ({
      name,
      type: String(entries[".type"]),
      anonymous: entries[".anonymous"] === true,
      options: Object.fromEntries(
        Object.entries(entries).filter(([key]) => !key.startsWith(".")),
      ) as Record<string, UciValue>,
    }));
}

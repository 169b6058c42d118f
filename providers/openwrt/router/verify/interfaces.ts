import type { FoundSection, Section } from "../../uci/section";
import type { Running } from "../observe";

/**
 * Every interface that is declared, and every other that was up, is up without
 * an error; but one that was there before and down, before as after, is no
 * fault of this change.
 */
export function interfaceFailures(
  wanted: readonly Section[],
  foundBefore: readonly FoundSection[],
  before: Running,
  now: Running,
  isStarted: (name: string) => boolean,
): string[] {
  const known = new Set(
    foundBefore
      .filter(({ type }) => type === "interface")
      .map(({ name }) => name),
  );
  const wasUp = (name: string) => before.interfaces.get(name)?.up === true;
  const declared = wanted
    .filter(({ type }) => type === "interface")
    .map(({ section }) => section);
  const names = new Set([...declared, ...[...known].filter(wasUp)]);
  return [...names].filter(isStarted).flatMap((name) => {
    if (known.has(name) && !wasUp(name)) return [];
    const state = now.interfaces.get(name);
    if (state === undefined) return [`interface "${name}" is not there`];
    const errors = (state.errors ?? []).map(
      ({ subsystem, code }) => `${subsystem ?? "netifd"}: ${code ?? "error"}`,
    );
    if (errors.length > 0)
      return [`interface "${name}" has errors (${errors.join(", ")})`];
    if (!state.up) return [`interface "${name}" is not up`];
    // An apply answers before anything is reloaded: the old ones prove nothing.
    const has = (state["ipv4-address"] ?? []).map(({ address }) => address);
    const options = wanted.find((item) => item.section === name)?.options;
    const missing = [options?.ipaddr ?? []]
      .flat()
      .map((text) => String(text).split("/")[0] ?? "")
      .filter((address) => !has.includes(address));
    return missing.map(
      (address) => `interface "${name}" does not have ${address}`,
    );
  });
}

/** mwan3 passes over policies and rules with longer names. */
export const longestName = 15;
/** iptables takes no chain mwan3_iface_out_NAME that is longer. */
export const longestInterface = 13;
/** Linux takes no longer names of devices (IFNAMSIZ). */
export const longestDevice = 15;
/** LuCI takes no longer zones, and shows them cut. */
const longestZone = 11;

/** UCI takes letters, digits and _ only. */
export function uciName(name: string): string {
  return name.replaceAll("-", "_");
}

/** fw4 takes no digit in front. */
export function zoneName(name: string): string {
  return uciName(name).replace(/^\d/, "_$&").slice(0, longestZone);
}

/** The name that the policy of a network has among the rules of mwan3. */
export const networkRule = (network: string) => `net_${zoneName(network)}`;
export const networkRule6 = (network: string) => `n6_${zoneName(network)}`;

/** The policy of a network that may take one line only. */
export const confinement = (line: string) => fitted("only_", line, "");

export function memberName(line: string, metric: number, weight: number) {
  return fitted("", line, `_m${metric}_w${weight}`);
}

/** netifd's own name for the IPv6 of a line. */
export const ipv6Of = (name: string) => `${name}_6`;

function fitted(before: string, name: string, after: string): string {
  const room = longestName - before.length - after.length;
  return `${before}${name.slice(0, Math.max(room, 1))}${after}`;
}

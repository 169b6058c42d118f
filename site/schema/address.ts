import ipaddr from "ipaddr.js";
import { z } from "zod";

export const ipv4 = z
  .string()
  .refine((text) => ipaddr.IPv4.isValidFourPartDecimal(text), {
    error: ({ input }) =>
      `"${input}" is no IPv4 address, write one like 10.10.30.10`,
  });

export const cidr = z.string().refine(isNetwork, {
  error: ({ input }) =>
    `"${input}" is no IPv4 network, write its first address and prefix length, like 10.10.30.0/24`,
});

function isNetwork(text: string): boolean {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return false;
  const first = ipaddr.IPv4.networkAddressFromCIDR(text).toString();
  return text.split("/")[0] === first;
}

export function contains(network: string, address: string): boolean {
  return ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(network));
}

export function overlap(left: string, right: string): boolean {
  const first = (text: string) => text.split("/")[0] ?? "";
  return contains(left, first(right)) || contains(right, first(left));
}

export function prefixLength(network: string): number {
  return Number(network.split("/")[1]);
}

/** The two addresses of a network that no machine can have. */
export function reserved(network: string): string[] {
  if (prefixLength(network) > 30) return [];
  return [
    ipaddr.IPv4.networkAddressFromCIDR(network).toString(),
    ipaddr.IPv4.broadcastAddressFromCIDR(network).toString(),
  ];
}

export function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

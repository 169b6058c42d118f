import { setTimeout as sleep } from "node:timers/promises";
import { isAgentSilent, type ProxmoxSession, path } from "../../client";
import { text } from "../../guests/config";
import type { Guest } from "../../guests/find";
import { isTrue, parseProperties } from "../../property-string";

const pollMs = 500;

interface Interface {
  name: string;
  "ip-addresses"?: { "ip-address": string }[];
}

/** The loopback, and what container engines make inside the guest. */
const notItsOwn = /^(lo$|br-[0-9a-f]{12}$|docker|veth|cni|flannel)/;
const local = /^(127\.|169\.254\.|::1$|fe80:)/i;

/** The guest's own addresses, or none when no agent answers; one try. */
export async function agentAddresses(
  session: ProxmoxSession,
  { node, vmId }: Guest,
): Promise<string[]> {
  try {
    const { result } = await session.request<{ result: Interface[] | object }>(
      "GET",
      path`/nodes/${node}/qemu/${vmId}/agent/network-get-interfaces`,
    );
    // PVE passes on the agent's own error as a result.
    return Array.isArray(result) ? guestAddresses(result) : [];
  } catch (error) {
    if (isAgentSilent(error)) return [];
    throw error;
  }
}

export function guestAddresses(interfaces: readonly Interface[]): string[] {
  return interfaces
    .filter(({ name }) => !notItsOwn.test(name))
    .flatMap((nic) => nic["ip-addresses"] ?? [])
    .map((entry) => entry["ip-address"])
    .filter((address) => !local.test(address));
}

/** Waits for the first answer after a start; none in time is no failure. */
export async function awaitAgent(
  session: ProxmoxSession,
  guest: Guest,
  seconds: number,
  signal: AbortSignal,
): Promise<string[]> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const addresses = await agentAddresses(session, guest);
    if (addresses.length > 0 || Date.now() >= end) return addresses;
    await sleep(pollMs, undefined, { signal });
  }
}

export function agentOn({ config }: Guest): boolean {
  const { enabled } = parseProperties(text(config, "agent") ?? "", "enabled");
  return isTrue(enabled);
}

import { setTimeout as sleep } from "node:timers/promises";
import { isAgentNotReady, type ProxmoxSession, path } from "../../client";
import { text } from "../../guests/config";
import type { Guest } from "../../guests/find";
import { isTrue, parseProperties } from "../../property-string";

const pollMs = 500;

interface Interface {
  name: string;
  "ip-addresses"?: { "ip-address": string; "ip-address-type": string }[];
}

/** The guest's own addresses, or none when no agent answers; one try. */
export async function agentAddresses(
  session: ProxmoxSession,
  { node, vmId }: Guest,
): Promise<string[]> {
  try {
    const { result } = await session.request<{ result: Interface[] }>(
      "GET",
      path`/nodes/${node}/qemu/${vmId}/agent/network-get-interfaces`,
    );
    return result
      .filter(({ name }) => !/^(lo|docker|veth|br-|cni|flannel)/.test(name))
      .flatMap((nic) => nic["ip-addresses"] ?? [])
      .map((entry) => entry["ip-address"])
      .filter((address) => !/^(169\.254\.|fe80:)/i.test(address));
  } catch (error) {
    if (isAgentNotReady(error)) return [];
    throw error;
  }
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

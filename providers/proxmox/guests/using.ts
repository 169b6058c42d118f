import { isGuestMissing, type ProxmoxSession, path } from "../client";
import type { Config } from "./config";

/** The guests, containers too, that have such a setting: `guest 100 "web"`. */
export async function guestsWith(
  session: ProxmoxSession,
  uses: (key: string, value: string) => boolean,
  node?: string,
): Promise<string[]> {
  const users: string[] = [];
  for (const guest of await session.guests()) {
    const { type, vmid, name } = guest;
    if (vmid === undefined || guest.node === undefined) continue;
    if (node !== undefined && guest.node !== node) continue;
    try {
      const config = await session.request<Config>(
        "GET",
        path`/nodes/${guest.node}/${type}/${vmid}/config`,
      );
      const isUser = Object.entries(config).some(([key, value]) =>
        uses(key, String(value)),
      );
      if (isUser) users.push(`guest ${vmid} "${name ?? ""}"`);
    } catch (error) {
      if (!isGuestMissing(error)) throw error;
    }
  }
  return users;
}

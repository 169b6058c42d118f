import { isGuestMissing, type ProxmoxSession, path } from "../client";
import type { Guest } from "./find";

/** Removes a stopped guest with the disks in its slots; one that is gone is a success. */
export async function destroyGuest(
  session: ProxmoxSession,
  { node, vmId }: Guest,
): Promise<void> {
  try {
    const upid = await session.request<string>(
      "DELETE",
      path`/nodes/${node}/qemu/${vmId}`,
      { purge: true, "destroy-unreferenced-disks": false },
    );
    await session.task(upid, `removal of guest ${vmId}`);
  } catch (error) {
    if (!isGuestMissing(error)) throw error;
  }
}

import { isGuestMissing, type ProxmoxSession, path } from "../client";

interface ActiveTask {
  upid: string;
  type: string;
}

/** Ends when no task works on the guest: what was begun under a lost reply is over then. */
export async function awaitIdle(
  session: ProxmoxSession,
  node: string,
  vmId: number,
): Promise<void> {
  const tasks = await session.request<ActiveTask[]>(
    "GET",
    path`/nodes/${node}/tasks`,
    { vmid: vmId, source: "active" },
  );
  for (const { upid, type } of tasks) {
    // How it ended shows in what is looked at next.
    await session.task(upid, type).catch((error) => {
      if (isGuestMissing(error)) throw error;
    });
  }
}

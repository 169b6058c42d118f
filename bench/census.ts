import { type ProxmoxSession, path } from "../providers/proxmox/client";
import { isVmName, workload } from "./workload";

export interface Census {
  /** Guests that are as they should be, each name once. */
  completed: number;
  /** VM ids of guests that no state knows, or that are there a second time. */
  orphans: number[];
}

interface Listed {
  vmid: number;
  node: string;
  name: string;
  status: string;
}

/** Counts what is on the devices, apart from the guests in `before`. */
export async function count(
  session: ProxmoxSession,
  before: ReadonlySet<number>,
  known: ReadonlySet<number>,
): Promise<Census> {
  const guests = (await listed(session)).filter(
    ({ vmid }) => !before.has(vmid),
  );
  // Those that the state knows come first: of two namesakes the other is the orphan.
  guests.sort((a, b) => Number(known.has(b.vmid)) - Number(known.has(a.vmid)));
  const names = new Set<string>();
  const census: Census = { completed: 0, orphans: [] };
  for (const guest of guests) {
    if (!known.has(guest.vmid) || names.has(guest.name)) {
      census.orphans.push(guest.vmid);
    } else if (await isComplete(session, guest)) census.completed++;
    names.add(guest.name);
  }
  return census;
}

/** The guests that are there before anything is made. */
export async function present(session: ProxmoxSession): Promise<Set<number>> {
  const guests = await listed(session);
  const left = guests.filter(({ name }) => isVmName(name));
  if (left.length > 0) {
    const ids = left.map(({ vmid }) => vmid).join(", ");
    throw new Error(
      `Unable to start: guests of an earlier bench are there (${ids}). Remove them first.`,
    );
  }
  return new Set(guests.map(({ vmid }) => vmid));
}

function listed(session: ProxmoxSession): Promise<Listed[]> {
  return session.request("GET", "/cluster/resources", { type: "vm" });
}

async function isComplete(
  session: ProxmoxSession,
  { node, vmid, name, status }: Listed,
): Promise<boolean> {
  const config = await session.request<Record<string, unknown>>(
    "GET",
    path`/nodes/${node}/qemu/${vmid}/config`,
  );
  const values = Object.values(config).map(String);
  const { net0 = "", lock } = config;
  return (
    isVmName(name) &&
    status === "running" &&
    lock === undefined &&
    values.some((value) => value.includes(`size=${workload.diskGiB}G`)) &&
    `${net0}`.split(",").includes(`tag=${workload.vlan}`) &&
    values.some((value) => value.includes("cloudinit"))
  );
}

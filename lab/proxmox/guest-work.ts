import type { Call } from "./call";
import { die } from "./failure";

/** As a worker finds the guest's configuration lock: had in time, or not. */
export async function lockTimeout(call: Call, id: number): Promise<void> {
  const subject = call.places[0] ?? call.params.vmid ?? call.params.newid ?? "";
  if (call.faults.hit(["lock-timeout"], call.node.name, subject)) {
    throw die(
      `can't lock file '/var/lock/qemu-server/lock-${id}.conf' - got timeout`,
    );
  }
  await call.tasks.unlocked(call.cluster, id);
}

/** A worker that holds the guest's lock until its effect. */
export function task(
  call: Call,
  type: string,
  id: number,
  effect: string,
  args: Record<string, unknown> = {},
  failure?: string,
  leastMs?: number,
): string {
  return call.tasks.start({
    node: call.node.name,
    cluster: call.cluster,
    type,
    id,
    user: call.user,
    locks: id,
    effect,
    args: { cluster: call.cluster, vmid: id, ...args },
    failure,
    leastMs,
  });
}

/** What a copy takes at least at so many KiB/s; 0: no limit. */
export function copyMs(bytes: number, bwlimit = "0"): number {
  const limit = Number(bwlimit);
  return limit === 0 ? 0 : Math.ceil((bytes / 1024 / limit) * 1_000);
}

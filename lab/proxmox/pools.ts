import { aclOf } from "./access";
import type { Pool, World } from "./world";

export function poolOfGuest(
  world: World,
  cluster: string,
  vmid: number,
): Pool | undefined {
  for (const pool of world.pools.values()) {
    if (pool.cluster === cluster && pool.vms.includes(vmid)) return pool;
  }
  return undefined;
}

export function leavePool(world: World, cluster: string, vmid: number): void {
  const pool = poolOfGuest(world, cluster, vmid);
  if (pool === undefined) return;
  pool.vms = pool.vms.filter((id) => id !== vmid);
  world.save("pools", pool);
}

/** What a destroyed guest takes along: its pool, its access entries, and its HA service. */
export function forgetGuest(world: World, cluster: string, vmid: number): void {
  leavePool(world, cluster, vmid);
  const service = world.services.get(`${cluster}/vm:${vmid}`);
  if (service) world.remove("services", service);
  const account = world.accounts.get(cluster);
  const left = account
    ? aclOf(account).filter(({ path }) => path !== `/vms/${vmid}`)
    : [];
  if (account?.acl && left.length < account.acl.length) {
    account.acl = left;
    world.save("accounts", account);
  }
}

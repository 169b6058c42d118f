import { aclOf } from "./access";
import { type Call, may, requirePrivilege } from "./call";
import { invalid } from "./failure";
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

/** VM.Allocate on the guest's path, or on that of the pool it is made in. */
export function requireAllocate(call: Call, vmid: number): void {
  const { pool } = call.params;
  if (pool === undefined || !may(call, `/pool/${pool}`, "VM.Allocate"))
    requirePrivilege(call, `/vms/${vmid}`, "VM.Allocate");
  if (pool !== undefined && !call.world.pools.has(`${call.cluster}/${pool}`))
    throw invalid("pool", `pool '${pool}' does not exist`);
}

/** As create and clone do once the guest is there; a pool that has gone meanwhile is none. */
export function joinPool(
  world: World,
  cluster: string,
  vmid: number,
  poolid: unknown,
): void {
  const pool = world.pools.get(`${cluster}/${poolid}`);
  if (pool === undefined || pool.vms.includes(vmid)) return;
  pool.vms.push(vmid);
  world.save("pools", pool);
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

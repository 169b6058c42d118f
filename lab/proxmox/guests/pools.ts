import type { Call } from "../call";
import { die } from "../failure";
import type { World } from "../world";

export function checkPool({ world, cluster }: Call, pool?: string): void {
  if (pool !== undefined && !world.pools.has(`${cluster}/${pool}`))
    throw die(`pool '${pool}' does not exist`);
}

export function addToPool(
  world: World,
  cluster: string,
  vmid: number,
  poolid?: string,
): void {
  const pool = world.pools.get(`${cluster}/${poolid}`);
  if (pool === undefined || pool.vms.includes(vmid)) return;
  pool.vms.push(vmid);
  world.save("pools", pool);
}

export function removeFromPools(
  world: World,
  cluster: string,
  vmid: number,
): void {
  for (const pool of world.pools.values()) {
    if (pool.cluster !== cluster || !pool.vms.includes(vmid)) continue;
    pool.vms = pool.vms.filter((id) => id !== vmid);
    world.save("pools", pool);
  }
}

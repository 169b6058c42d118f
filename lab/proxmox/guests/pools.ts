import type { Call } from "../call";
import { Failure } from "../failure";
import type { World } from "../world";

export function checkPool({ world, cluster }: Call, pool?: string): void {
  if (pool !== undefined && !world.pools.has(`${cluster}/${pool}`))
    throw new Failure(
      403,
      `Permission check failed (pool '${pool}' does not exist)`,
    );
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

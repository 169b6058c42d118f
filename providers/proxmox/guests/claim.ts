import { UserError } from "../../dynamic/failure";
import { isAlreadyExists, type ProxmoxSession, recentlyMs } from "../client";
import { text } from "./config";
import {
  belongsTo,
  candidates,
  findSettledGuest,
  type Guest,
  readConfig,
  type VmIdChoice,
} from "./find";

export interface Claim {
  owner: string;
  host: string;
  /** Within which VM ids are unique: the cluster, or the host. */
  where: string;
  node: string;
  name: string;
  vmId: VmIdChoice;
  adopt?: boolean;
}

/** Ids that this process is making guests under, by cluster. */
const reserved = new Map<string, string>();

/**
 * The owner's guest: found where an earlier attempt left it, else made by
 * `make` under an id that is free. What `make` answers is not read again.
 */
export async function findOrMake(
  session: ProxmoxSession,
  claim: Claim,
  signal: AbortSignal,
  make: (vmId: number) => Promise<Guest | undefined>,
): Promise<Guest> {
  const { owner, where, node, vmId: choice } = claim;
  const names = [claim.name, keptName(claim.name)];
  const isForeign = (found: Guest) => {
    if (found.mark) return !belongsTo(found, owner);
    const name = text(found.config, "name");
    return name !== undefined && !names.includes(name) && !claim.adopt;
  };
  const find = (vmId: number) =>
    findSettledGuest(session, node, vmId, signal, readConfig, isForeign);
  const present = await session.guests(recentlyMs);
  // Names are not unique: each namesake is looked at.
  for (const { vmid, name = "" } of present) {
    if (!vmid || !names.includes(name) || typeof choice === "number") continue;
    const found = await find(vmid);
    if (found && belongsTo(found, owner)) return found;
  }
  for (const vmId of candidates(owner, choice)) {
    const key = `${where}/${vmId}`;
    const holder = reserved.get(key);
    if (holder !== undefined && holder !== owner) continue;
    reserved.set(key, owner);
    const listed = present.some((guest) => guest.vmid === vmId);
    let found = listed ? await find(vmId) : undefined;
    if (found === undefined) {
      try {
        found = (await make(vmId)) ?? (await find(vmId));
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        found = await find(vmId);
      }
    }
    if (found && belongsTo(found, owner)) return found;
    if (typeof choice === "number") {
      if (found && claim.adopt && found.mark === undefined) return found;
      throw taken(vmId, found, claim);
    }
    reserved.delete(key);
  }
  throw new UserError(
    `no free VM id is left in ${JSON.stringify(choice)} on host "${claim.host}". Widen proxmox.vmIds in the manifest, or give "${claim.name}" a vmId of its own`,
  );
}

function taken(
  vmId: number,
  found: Guest | undefined,
  claim: Claim,
): UserError {
  const name = found
    ? `guest "${found.config.name ?? "without a name"}"`
    : "something";
  const [whose, remedy] = found?.mark
    ? [`belongs to "${found.mark.owner}"`, ""]
    : ["is not this site's", ", or set adopt: true to take that guest over"];
  return new UserError(
    `VM id ${vmId} on host "${claim.host}" is taken by ${name}, which ${whose}. Give "${claim.name}" another vmId${remedy}`,
  );
}

/** Of a guest that is left only with the disks that it keeps. */
export function keptName(name: string): string {
  return `kept-${name}`;
}

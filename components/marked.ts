import { type Mark, parseMark } from "../providers/dynamic/owner";
import { claimedName } from "../providers/proxmox/bridge/claim";
import { readInterfaces } from "../providers/proxmox/bridge/interfaces";
import type { ProxmoxSession } from "../providers/proxmox/client";
import { belongsTo, readConfig } from "../providers/proxmox/guests/find";

export interface Marked {
  /** 'guest 100 "web"' */
  what: string;
  /** The cluster's node that has it. */
  node: string;
  owner: string;
  /** Left on purpose by the deletion of its resource. */
  kept: boolean;
}

/** Without them PVE shows nothing, which is not the same as nothing there. */
const rights: [path: string, ...privileges: string[]][] = [
  ["/vms", "VM.Audit"],
  ["/sdn/zones/localnetwork", "SDN.Audit", "SDN.Use"],
];

/** What carries a mark of the site: the cluster's guests, and the node's bridges and bonds. */
export async function markedBy(
  siteId: string,
  session: ProxmoxSession,
  node: string,
): Promise<Marked[]> {
  for (const [path, ...privileges] of rights) {
    const had = await session.request<Record<string, object>>(
      "GET",
      "/access/permissions",
      { path },
    );
    if (!privileges.some((name) => name in (had[path] ?? {}))) {
      throw new Error(
        `its token or user has no ${privileges.join(" or ")} on ${path}`,
      );
    }
  }
  const isOurs = ({ owner }: Mark) => owner.startsWith(`${siteId}/`);
  const found: Marked[] = [];
  for (const { vmid, node } of await session.guests()) {
    const config = vmid && node && (await readConfig(session, node, vmid));
    if (!config) continue;
    const mark = parseMark(`${config.description ?? ""}`);
    const guest = { node, vmId: vmid, config, mark };
    if (!mark || !isOurs(mark) || !belongsTo(guest, mark.owner)) continue;
    const name = `${config.name}`;
    found.push({
      what: `guest ${vmid} "${name}"`,
      node,
      owner: mark.owner,
      kept: name.startsWith("kept-"),
    });
  }
  const interfaces = await readInterfaces(session, node);
  for (const [name, { type, comments }] of interfaces.found) {
    const mark = parseMark(comments);
    if (!mark || !isOurs(mark) || claimedName(mark) !== name) continue;
    const what = `${type} "${name}"`;
    found.push({ what, node, owner: mark.owner, kept: false });
  }
  return found;
}

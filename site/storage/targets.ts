import type { Site } from "../manifest";

/** What one host serves by iSCSI under one name. */
export interface TargetPlan {
  host: string;
  name: string;
  iqn: string;
  /** Its one portal: the host's address in the storage network. */
  server: string;
  luns: { lun: number; volume: string }[];
  initiators: { host: string; iqn: string }[];
  dropSessions: boolean;
  /** PVE's storage id. */
  storage?: string;
}

/** A host that has its disks from others. */
export interface InitiatorPlan {
  host: string;
  iqn: string;
  /** Seconds for which its disks wait for a server that does not answer. */
  patience: number;
}

const least = 120;

export function targetsOf(site: Site): TargetPlan[] {
  const { storage, hardware } = site;
  const iscsi = storage?.iscsi;
  if (storage === undefined || iscsi === undefined) return [];
  return iscsi.targets.flatMap((target) => {
    const { name, luns, to, whenInUse, storage: id } = target;
    const [pool] = luns[0]?.volume.split("/") ?? [];
    const host = storage.pools.find((item) => item.name === pool)?.host;
    const machine = hardware.hosts.find((item) => item.name === host);
    const server = machine?.addresses[storage.network];
    if (host === undefined || server === undefined) return [];
    return [
      {
        host,
        name,
        iqn: `${iscsi.authority}:${name}`,
        server,
        luns,
        initiators: to.map((item) => ({
          host: item,
          iqn: initiatorOf(iscsi.authority, item),
        })),
        dropSessions: whenInUse === "disconnect",
        ...(id && { storage: id }),
      },
    ];
  });
}

export function initiatorsOf({ storage }: Site): InitiatorPlan[] {
  const iscsi = storage?.iscsi;
  if (iscsi === undefined) return [];
  const { authority, serverReboot, targets } = iscsi;
  const patience = Math.max(least, Math.ceil((serverReboot * 2) / 1_000));
  return [...new Set(targets.flatMap(({ to }) => to))].map((host) => ({
    host,
    iqn: initiatorOf(authority, host),
    patience,
  }));
}

function initiatorOf(authority: string, host: string): string {
  return `${authority}:host.${host}`;
}

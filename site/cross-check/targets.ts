import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { twice } from "./names";
import { refer } from "./refer";

/** What stands in storage.iscsi: volumes that are served, and hosts that log in. */
export function targetProblems(site: Site): Problem[] {
  const { storage, hardware, proxmox } = site;
  if (storage?.iscsi === undefined) return [];
  const { pools, datasets, network, iscsi } = storage;
  const area = ["storage", "iscsi", "targets"];
  const volumes = datasets.filter(({ volume }) => volume !== undefined);
  const problems: Problem[] = [
    ...twice("target", iscsi.targets, ({ name }) => name, area),
  ];
  const served = new Map<string, string>();
  for (const [index, target] of iscsi.targets.entries()) {
    const path = [...area, index];
    const hosts = new Set<string>();
    for (const [at, { lun, volume }] of target.luns.entries()) {
      const here = [...path, "luns", at];
      problems.push(...refer("volume", volume, volumes, [...here, "volume"]));
      const pool = pools.find(({ name }) => volume.startsWith(`${name}/`));
      if (pool) hosts.add(pool.host);
      const other = served.get(volume);
      if (other !== undefined)
        problems.push({
          message: `volume "${volume}" is served by target "${other}" already, serve it once`,
          path: [...here, "volume"],
        });
      served.set(volume, target.name);
      if (target.luns.findIndex((item) => item.lun === lun) !== at)
        problems.push({
          message: `LUN ${lun} is there twice, number each once`,
          path: [...here, "lun"],
        });
    }
    if (hosts.size > 1)
      problems.push({
        message: `target "${target.name}" has volumes of ${[...hosts].map((host) => `"${host}"`).join(" and ")}, make one for each host`,
        path: [...path, "luns"],
      });
    for (const host of hosts) {
      const machine = hardware.hosts.find(({ name }) => name === host);
      if (machine && machine.addresses[network] === undefined)
        problems.push({
          message: `host "${host}" has no address in network "${network}", where "${target.name}" is to be served, add it`,
          path: [...path, "luns"],
        });
    }
    for (const [at, host] of target.to.entries()) {
      const here = [...path, "to", at];
      const known = proxmox.hosts.map((item) => ({ name: item.host }));
      const wrong = refer("Proxmox host", host, known, here);
      problems.push(...wrong);
      const machine = hardware.hosts.find(({ name }) => name === host);
      if (wrong.length === 0 && machine?.addresses[network] === undefined)
        problems.push({
          message: `host "${host}" has no address in network "${network}", by which it would log in, add it`,
          path: here,
        });
      if (hosts.has(host))
        problems.push({
          message: `host "${host}" serves "${target.name}" itself, and would hang at its own shutdown, leave it out`,
          path: here,
        });
      if (target.to.indexOf(host) !== at)
        problems.push({
          message: `"${host}" is named twice, name each once`,
          path: here,
        });
    }
  }
  return [...problems, ...storageNames(site)];
}

/** PVE knows one storage by a name, on a host and in a cluster. */
function storageNames({ storage, proxmox }: Site): Problem[] {
  const place = (name: string) =>
    proxmox.hosts.find((item) => item.host === name)?.cluster ?? name;
  const taken = new Set([
    ...proxmox.hosts.flatMap(({ host, storages }) =>
      storages.map(({ name }) => `${place(host)} ${name}`),
    ),
    ...(storage?.mounts ?? []).flatMap(({ name, hosts }) =>
      hosts.map((host) => `${place(host)} ${name}`),
    ),
  ]);
  return (storage?.iscsi?.targets ?? []).flatMap((target, index) => {
    if (target.storage === undefined) return [];
    const keys = [
      ...new Set(target.to.map((host) => `${place(host)} ${target.storage}`)),
    ];
    const isTaken = keys.some((key) => taken.has(key));
    for (const key of keys) taken.add(key);
    return isTaken
      ? [
          {
            message: `storage "${target.storage}" is there already on one of its hosts, choose another name`,
            path: ["storage", "iscsi", "targets", index, "storage"],
          },
        ]
      : [];
  });
}

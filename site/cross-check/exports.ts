import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { clientOf } from "../storage/clients";
import { suggest } from "../suggest";
import { twice } from "./names";
import { refer } from "./refer";

/** What stands in the area storage: exports, and those that use them. */
export function exportProblems(site: Site): Problem[] {
  const { storage, hardware, proxmox } = site;
  if (storage === undefined) return [];
  const { pools, datasets, exports, mounts, storageClasses, network } = storage;
  const fileSystems = datasets.filter(({ volume }) => volume === undefined);
  const exported = exports.map(({ dataset }) => ({ name: dataset }));
  const problems: Problem[] = [];
  for (const [index, { dataset, to }] of exports.entries()) {
    const path = ["storage", "exports", index];
    problems.push(
      ...refer("file system", dataset, fileSystems, [...path, "dataset"]),
    );
    const pool = pools.find(({ name }) => dataset.startsWith(`${name}/`));
    const server = hardware.hosts.find(({ name }) => name === pool?.host);
    if (server && server.addresses[network] === undefined) {
      problems.push({
        message: `host "${server.name}" has no address in network "${network}", where "${dataset}" is to be served, add it`,
        path: [...path, "dataset"],
      });
    }
    for (const [at, name] of to.entries())
      problems.push(...client(site, name, [...path, "to", at]));
    for (const [at, name] of to.entries()) {
      if (to.indexOf(name) === at) continue;
      const message = `"${name}" is named twice, name each once`;
      problems.push({ message, path: [...path, "to", at] });
    }
  }
  for (const [index, { dataset, hosts }] of mounts.entries()) {
    const path = ["storage", "mounts", index];
    problems.push(
      ...refer("exported dataset", dataset, exported, [...path, "dataset"]),
    );
    for (const [at, host] of hosts.entries()) {
      const here = [...path, "hosts", at];
      const known = proxmox.hosts.map(({ host: name }) => ({ name }));
      problems.push(...refer("Proxmox host", host, known, here));
      const isServed = exports.some(
        (item) =>
          item.dataset === dataset && item.to.some((name) => name === host),
      );
      const hasExport = exported.some(({ name }) => name === dataset);
      if (hasExport && known.some(({ name }) => name === host) && !isServed) {
        problems.push({
          message: `"${dataset}" is not exported to host "${host}", add it to the export`,
          path: here,
        });
      }
    }
  }
  for (const [index, { dataset }] of storageClasses.entries()) {
    problems.push(
      ...refer("exported dataset", dataset, exported, [
        "storage",
        "storageClasses",
        index,
        "dataset",
      ]),
    );
  }
  return [
    ...problems,
    ...twice("export", exports, ({ dataset }) => dataset, [
      "storage",
      "exports",
    ]).map(({ message, path }) => ({
      message,
      path: [...path.slice(0, -1), "dataset"],
    })),
    ...twice("storage class", storageClasses, ({ name }) => name, [
      "storage",
      "storageClasses",
    ]),
    ...mountNames(site),
  ];
}

/** Whether an export or a share can go there. */
export function client(
  site: Site,
  name: string,
  path: readonly PropertyKey[],
): Problem[] {
  if (clientOf(site, name)) return [];
  const { hardware, guests, networks, storage } = site;
  const known = [...hardware.hosts, ...guests, ...networks].map(
    (item) => item.name,
  );
  const message = known.includes(name)
    ? hardware.hosts.some((host) => host.name === name)
      ? `host "${name}" has no address in network "${storage?.network}", add it`
      : `guest "${name}" has no static address, give it one`
    : `there is no host, guest or network "${name}"${suggest(name, known)}`;
  return [{ message, path }];
}

/** PVE knows one storage by a name, on a host and in a cluster. */
function mountNames({ storage, proxmox }: Site): Problem[] {
  const places = (name: string) => {
    const host = proxmox.hosts.find((item) => item.host === name);
    return host?.cluster ?? name;
  };
  const taken = new Set(
    proxmox.hosts.flatMap(({ host, storages }) =>
      storages.map(({ name }) => `${places(host)} ${name}`),
    ),
  );
  return (storage?.mounts ?? []).flatMap(({ name, hosts }, index) => {
    const keys = [...new Set(hosts.map((host) => `${places(host)} ${name}`))];
    const isTaken = keys.some((key) => taken.has(key));
    for (const key of keys) taken.add(key);
    return isTaken
      ? [
          {
            message: `storage "${name}" is there already on one of its hosts, choose another name`,
            path: ["storage", "mounts", index, "name"],
          },
        ]
      : [];
  });
}

import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { mountpointOf } from "../storage/datasets";
import { client } from "./exports";
import { twice } from "./names";
import { refer } from "./refer";

/** What is shared by SMB, where, and who uses it. */
export function shareProblems(site: Site): Problem[] {
  const { storage, hardware } = site;
  if (storage === undefined) return [];
  const { pools, datasets, shares, accounts, network } = storage;
  const fileSystems = datasets.filter(({ volume }) => volume === undefined);
  const known = accounts.map((name) => ({ name }));
  const problems: Problem[] = [];
  for (const [index, share] of shares.entries()) {
    const { name, dataset, to, readers, writers, guests } = share;
    const path = ["storage", "shares", index];
    const problem = (message: string, ...at: PropertyKey[]) =>
      problems.push({ message, path: [...path, ...at] });
    problems.push(
      ...refer("file system", dataset, fileSystems, [...path, "dataset"]),
    );
    if (mountpointOf(site, dataset) === "none")
      problem(
        `"${dataset}" is mounted nowhere, give it a mountpoint`,
        "dataset",
      );
    const pool = pools.find((item) => dataset.startsWith(`${item.name}/`));
    const server = hardware.hosts.find((host) => host.name === pool?.host);
    if (server && server.addresses[network] === undefined)
      problem(
        `host "${server.name}" has no address in network "${network}", where "${name}" is to be shared, add it`,
        "dataset",
      );
    for (const [at, machine] of to.entries()) {
      problems.push(...client(site, machine, [...path, "to", at]));
      if (to.indexOf(machine) !== at)
        problem(`"${machine}" is named twice, name each once`, "to", at);
    }
    for (const key of ["readers", "writers"] as const)
      for (const [at, user] of share[key].entries())
        problems.push(...refer("account", user, known, [...path, key, at]));
    const both = [...writers, ...readers];
    const again = both.find((user, at) => both.indexOf(user) !== at);
    if (again)
      problem(`account "${again}" is named twice, name each once`, "readers");
    if (guests === undefined && both.length === 0)
      problem(`nobody may use "${name}", name readers or writers`);
    if (guests && readers.length > 0)
      problem("guests read it, and so does everybody, drop these", "readers");
    if (guests?.access === "rw" && writers.length > 0)
      problem("guests write it, and so does everybody, drop these", "writers");
  }
  const users = new Set(
    shares.flatMap(({ readers, writers }) => [...readers, ...writers]),
  );
  for (const [index, user] of accounts.entries()) {
    const path = ["storage", "accounts", index];
    if (accounts.indexOf(user) !== index)
      problems.push({ message: `account "${user}" is there twice`, path });
    if (["root", "nobody"].includes(user))
      problems.push({
        message: `"${user}" is the system's own, choose another name`,
        path,
      });
    else if (!users.has(user))
      problems.push({
        message: `account "${user}" is of no share, name it in one or drop it`,
        path,
      });
  }
  return [
    ...problems,
    ...twice("share", shares, ({ name }) => name.toLowerCase(), [
      "storage",
      "shares",
    ]),
  ];
}

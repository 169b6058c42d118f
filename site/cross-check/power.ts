import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { contains } from "../schema/address";
import { twice } from "./names";
import { refer } from "./refer";

/** What stands in the areas power, time and dns. */
export function powerProblems({
  hardware,
  power,
  time,
  dns,
  networks,
  guests,
}: Site): Problem[] {
  const machines = [...hardware.hosts, ...hardware.shelves];
  const steps = (["start", "shutdown"] as const).flatMap((key) =>
    (power?.[key] ?? []).map((step, index) => ({
      key,
      names: step.machines,
      path: ["power", key, index, "machines"],
    })),
  );
  const named = steps.flatMap(({ key, names, path }) =>
    names.map((name, at) => ({ key, name, path: [...path, at] })),
  );
  return [
    ...twice("UPS name", power?.ups ?? [], ({ name }) => name, [
      "power",
      "ups",
    ]),
    ...(power?.ups ?? []).flatMap(({ feeds }, index) =>
      feeds.flatMap((name, at) =>
        refer("host or shelf", name, machines, [
          "power",
          "ups",
          index,
          "feeds",
          at,
        ]),
      ),
    ),
    ...named.flatMap(({ name, path }) =>
      refer("host or shelf", name, machines, path),
    ),
    ...named.flatMap(({ key, name, path }, index) =>
      named.findIndex((other) => other.key === key && other.name === name) ===
      index
        ? []
        : [{ message: `"${name}" is named twice, name each once`, path }],
    ),
    ...(time?.servers ?? []).flatMap((name, at) =>
      refer("host", name, hardware.hosts, ["time", "servers", at]),
    ),
    ...twice(
      "name",
      [...hardware.hosts, ...(dns?.records ?? [])],
      ({ name }) => name,
      [],
    ).flatMap(({ message, path }) => {
      const index = Number(path[0]) - hardware.hosts.length;
      return index < 0
        ? []
        : [{ message, path: ["dns", "records", index, "name"] }];
    }),
    ...(dns?.resolvers ?? []).flatMap((address, at) => {
      const inside = networks.find(({ cidr }) => contains(cidr, address));
      const isKnown =
        inside === undefined ||
        inside.gateway === address ||
        hardware.hosts.some(({ addresses }) =>
          Object.values(addresses).includes(address),
        ) ||
        guests.some(({ nics }) => nics.some((nic) => nic.address === address));
      return isKnown
        ? []
        : [
            {
              message: `${address} lies in network "${inside.name}", and no machine has it, correct it`,
              path: ["dns", "resolvers", at],
            },
          ];
    }),
  ];
}

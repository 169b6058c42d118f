import { processor } from "../catalog";
import type { Host, Shelf, Site } from "../manifest";
import type { Problem } from "../problem";
import { twice } from "./names";
import { refer } from "./refer";

type Path = readonly PropertyKey[];

const gibibyte = 2 ** 30;

/** What stands in the area hardware, beside names and addresses. */
export function hardwareProblems({ hardware }: Site): Problem[] {
  const { hosts, shelves, spareMemory } = hardware;
  return [
    twice(
      "machine name",
      [...hosts, ...shelves],
      ({ name }) => name,
      [],
    ).flatMap(({ message, path }) => {
      const index = Number(path[0]) - hosts.length;
      // Hosts among each other are told as hosts.
      return index < 0
        ? []
        : [{ message, path: ["hardware", "shelves", index, "name"] }];
    }),
    twice("lot", spareMemory, ({ name }) => name, ["hardware", "spareMemory"]),
    hosts.flatMap((host, index) =>
      hostProblems(hardware, host, ["hardware", "hosts", index]),
    ),
    shelves.flatMap((shelf, index) =>
      shelfProblems(shelf, ["hardware", "shelves", index]),
    ),
    twiceWwn(hardware),
    twice(
      "logical id",
      // The key is the index where there is none: no other has that.
      shelves.map(({ logicalId }, index) => logicalId ?? `${index}`),
      (id) => id,
      [],
    ).map(({ message, path }) => ({
      message,
      path: ["hardware", "shelves", ...path.slice(0, 1), "logicalId"],
    })),
  ].flat();
}

function hostProblems(
  { spareMemory }: Site["hardware"],
  host: Host,
  path: Path,
): Problem[] {
  const { cpu, cores, modules = [], memory, cards, disks, boot } = host;
  const installed = modules.reduce(
    (sum, { count, size }) => sum + count * size,
    0,
  );
  const sockets = cpu && cpu.count * processor(cpu.model).cores;
  return [
    ...(sockets === undefined || sockets === cores
      ? []
      : [
          {
            message: `${cpu?.count} ${cpu?.model} have ${sockets} cores, and host "${host.name}" says ${cores}, correct one of them`,
            path: [...path, "cores"],
          },
        ]),
    ...(installed === 0 || installed === memory
      ? []
      : [
          {
            message: `modules of host "${host.name}" make ${installed / gibibyte} GiB, and memory says ${memory / gibibyte} GiB, correct one of them`,
            path: [...path, "memory"],
          },
        ]),
    ...modules.flatMap(({ from }, at) =>
      from === undefined
        ? []
        : refer("lot of memory", from, spareMemory, [
            ...path,
            "modules",
            at,
            "from",
          ]),
    ),
    ...twice("card name", cards, ({ name }) => name, [...path, "cards"]),
    ...twice(
      "PCI address",
      cards.map(({ name, path = name }) => ({ path })),
      (card) => card.path,
      [...path, "cards"],
      "path",
    ),
    ...twice("disk name", disks, ({ name }) => name, [...path, "disks"]),
    ...(boot?.disks ?? []).flatMap((name, at) =>
      refer(`disk of host "${host.name}" called`, name, disks, [
        ...path,
        "boot",
        "disks",
        at,
      ]),
    ),
    ...(boot?.disks ?? []).flatMap((name, at, all) =>
      all.indexOf(name) === at
        ? []
        : [
            {
              message: `disk "${name}" is used twice, give each its own`,
              path: [...path, "boot", "disks", at],
            },
          ],
    ),
  ];
}

function shelfProblems({ name, bays, disks }: Shelf, path: Path): Problem[] {
  return [
    ...twice("bay", disks, ({ bay }) => `${bay}`, [...path, "disks"], "bay"),
    // Some count from 0, and some from 1.
    ...disks.flatMap(({ bay }, at) =>
      bay <= bays
        ? []
        : [
            {
              message: `shelf "${name}" has ${bays} bays, and no bay ${bay}, correct one of them`,
              path: [...path, "disks", at, "bay"],
            },
          ],
    ),
  ];
}

function twiceWwn({ hosts, shelves }: Site["hardware"]): Problem[] {
  const all = [
    ...hosts.map(({ disks }, index) => ({ disks, at: ["hosts", index] })),
    ...shelves.map(({ disks }, index) => ({ disks, at: ["shelves", index] })),
  ].flatMap(({ disks, at }) =>
    disks.flatMap(({ wwn }, number) =>
      wwn === undefined
        ? []
        : [{ wwn, path: ["hardware", ...at, "disks", number, "wwn"] }],
    ),
  );
  return all.flatMap(({ wwn, path }, index) =>
    all.findIndex((other) => other.wwn === wwn) === index
      ? []
      : [
          {
            message: `WWN ${wwn} is used twice, give each disk its own`,
            path,
          },
        ],
  );
}

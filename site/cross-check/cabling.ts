import { card } from "../catalog";
import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { twice } from "./names";
import { refer } from "./refer";

type Path = readonly PropertyKey[];
type SasCable = Site["hardware"]["cabling"]["sas"][number];

/** Whether both ends of every cable are there, and free. */
export function cablingProblems({ hardware }: Site): Problem[] {
  const { hosts, shelves, cabling } = hardware;
  const sas = ["hardware", "cabling", "sas"];
  const network = ["hardware", "cabling", "network"];
  const used = cabling.sas.map(({ from }) =>
    from.host ? `${from.host}/${from.card}/${from.port}` : undefined,
  );
  const ends = cabling.network.flatMap((cable, index) =>
    (["from", "to"] as const).map((end) => ({
      ...cable[end],
      path: [...network, index, end],
    })),
  );
  return [
    ...cabling.sas.flatMap((cable, index) => [
      ...refer("shelf", cable.to, shelves, [...sas, index, "to"]),
      ...source(hardware, cable, [...sas, index, "from"]),
    ]),
    ...used.flatMap((port, index) =>
      port === undefined || used.indexOf(port) === index
        ? []
        : [
            {
              message: `port ${port} is used twice, give each cable its own`,
              path: [...sas, index, "from"],
            },
          ],
    ),
    ...ends.flatMap(({ host, path }) => refer("host", host, hosts, path)),
    ...twice(
      "NIC",
      ends,
      ({ host, device }) => `${host}/${device}`,
      [],
    ).flatMap(({ message, path }) => {
      const end = ends[Number(path[0])];
      return end === undefined ? [] : [{ message, path: end.path }];
    }),
    ...cabling.network.flatMap(({ from, to }, index) =>
      from.host !== to.host
        ? []
        : [
            {
              message: `a cable from host "${from.host}" to itself is a loop, drop it`,
              path: [...network, index],
            },
          ],
    ),
  ];
}

function source(
  { hosts, shelves }: Site["hardware"],
  { from, to }: SasCable,
  path: Path,
): Problem[] {
  if (from.shelf !== undefined) {
    return from.shelf === to
      ? [
          {
            message: `a cable from shelf "${to}" to itself leads nowhere, drop it`,
            path,
          },
        ]
      : refer("shelf", from.shelf, shelves, path);
  }
  const host = hosts.find(({ name }) => name === from.host);
  if (host === undefined) return refer("host", from.host, hosts, path);
  const found = host.cards.find(({ name }) => name === from.card);
  if (found === undefined) {
    return refer(
      `card of host "${host.name}" called`,
      from.card,
      host.cards,
      path,
    );
  }
  const facts = card(found.model);
  if (facts === undefined) return [];
  if (facts.kind !== "sas") {
    return [
      {
        message: `card "${from.card}" is a ${found.model}, which takes no shelves, name an HBA`,
        path,
      },
    ];
  }
  return from.port < facts.ports
    ? []
    : [
        {
          message: `card "${from.card}" has ports 0 to ${facts.ports - 1}, and no port ${from.port}, correct it`,
          path,
        },
      ];
}

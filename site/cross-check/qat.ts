import { card as known } from "../catalog";
import type { Guest, QatCard, Site } from "../manifest";
import type { Problem } from "../problem";
import { cardOf } from "../qat";
import { twice } from "./names";
import { refer } from "./refer";

/** What stands in the area qat. */
export function qatProblems(site: Site): Problem[] {
  const { qat } = site;
  return [
    ...twice("QAT name", qat, ({ name }) => name, ["qat"]),
    ...qat.flatMap((entry, index) => entryProblems(site, entry, index)),
    ...site.guests.flatMap((guest, index) => guestProblems(site, guest, index)),
  ];
}

/** A guest that is given a card by its name. */
function guestProblems(
  { qat, proxmox }: Site,
  { host, pciDevices = [] }: Guest,
  index: number,
): Problem[] {
  return pciDevices.flatMap(({ mapping }, at) => {
    const card = qat.find(({ name }) => name === mapping);
    if (card === undefined) return [];
    const path = ["guests", index, "pciDevices", at, "mapping"];
    if (card.stack !== "passthrough")
      return {
        message: `QAT "${mapping}" is its host's own, with stack ${card.stack}, set passthrough there or drop this`,
        path,
      };
    if (!proxmox.hosts.some((item) => item.host === card.host))
      return {
        message: `QAT "${mapping}" is in "${card.host}", which is no host of proxmox.hosts, drop this`,
        path,
      };
    return card.host === host
      ? []
      : {
          message: `QAT "${mapping}" is in host "${card.host}", move the guest there or drop this`,
          path,
        };
  });
}

function entryProblems(site: Site, entry: QatCard, index: number): Problem[] {
  const { hosts } = site.hardware;
  const { host, card, stack, services, instances, disableDenylist } = entry;
  const path = ["qat", index];
  const machine = hosts.find(({ name }) => name === host);
  if (machine === undefined)
    return refer("host", host, hosts, [...path, "host"]);
  const found = cardOf(site, entry);
  if (found === undefined)
    return refer(`card in host "${host}" called`, card, machine.cards, [
      ...path,
      "card",
    ]);
  const only = (key: keyof QatCard, value: unknown, of: QatCard["stack"]) =>
    value !== undefined && value !== false && stack !== of
      ? [
          {
            message: `"${key}" is of stack ${of} only, drop it`,
            path: [...path, key],
          },
        ]
      : [];
  const facts = known(found.model);
  return [
    ...(facts !== undefined && facts.kind !== "accelerator"
      ? [
          {
            message: `card "${card}" of host "${host}" is a ${facts.title}, name an accelerator`,
            path: [...path, "card"],
          },
        ]
      : []),
    ...only("services", services, "out-of-tree"),
    ...only("instances", instances, "out-of-tree"),
    ...only("disableDenylist", disableDenylist, "passthrough"),
    ...(stack === "out-of-tree" ? instanceProblems(entry, path) : []),
  ];
}

function instanceProblems(
  { services = [], instances = {} }: QatCard,
  path: PropertyKey[],
): Problem[] {
  const { kernel = {}, user = {} } = instances;
  const asks = (key: "crypto" | "compression") =>
    (kernel[key] ?? 0) + (user[key] ?? 0) > 0;
  const wants = [
    ["crypto", "cy"],
    ["compression", "dc"],
  ] as const;
  return [
    ...(services.length === 0
      ? [{ message: '"services" is missing, add it', path }]
      : []),
    ...wants.flatMap(([key, service]) =>
      asks(key) && services.length > 0 && !services.includes(service)
        ? [
            {
              message: `instances for ${key} need the service ${service}, add it`,
              path: [...path, "services"],
            },
          ]
        : [],
    ),
    ...(wants.some(([key]) => asks(key))
      ? []
      : [
          {
            message: "without instances nobody can use it, add some",
            path: [...path, "instances"],
          },
        ]),
  ];
}

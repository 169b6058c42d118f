import type { Host, Site } from "../manifest";
import { cardsOf } from "./cards";
import { disksOf } from "./disks";
import { hostsOf, portsTo } from "./sas";

export interface ExpectedCard {
  name: string;
  /** Vendor and device. */
  id: string;
  subsystemId?: string;
  /** Of its first function; left out: anywhere. */
  address?: string;
  /** The phys of each of its external ports. */
  ports?: number[][];
}

export interface ExpectedModule {
  sizeBytes: number;
  kind: "RDIMM" | "UDIMM" | "LRDIMM";
  ecc: boolean;
}

export interface ExpectedDisk {
  name: string;
  wwn: string;
  paths?: number;
  /** The shelf's name. */
  enclosure?: string;
  slot?: number;
}

export interface ExpectedShelf {
  name: string;
  id?: string;
  /** A card of the host's, and a number of its `ports`. */
  ways?: { card: string; port: number }[];
}

/** What somebody would find who opened the machine. */
export interface ExpectedMachine {
  cards: ExpectedCard[];
  /** Undefined: the manifest does not tell of modules. */
  memory?: ExpectedModule[];
  /** Undefined: it has no card for any. */
  enclosures?: ExpectedShelf[];
  /** Undefined: nor of disks. */
  disks?: ExpectedDisk[];
  /** Its own of which the manifest has no WWN. */
  disksWithoutWwn?: number;
}

/** Undefined for a host that the site has not. */
export function expectedOf(
  site: Site,
  hostName: string,
): ExpectedMachine | undefined {
  const host = site.hardware.hosts.find(({ name }) => name === hostName);
  if (host === undefined) return undefined;
  return {
    cards: cardsIn(host),
    ...(host.modules && { memory: host.modules.flatMap(modulesOf) }),
    ...shelvesAt(site, host),
    ...disksAt(site, hostName),
  };
}

/** Of a card whose phys nobody knows the cables are not compared. */
function shelvesAt({ hardware }: Site, host: Host) {
  const adapters = cardsOf(host).filter(({ facts }) => facts.kind === "sas");
  if (adapters.length === 0) return {};
  const known = adapters.flatMap(({ name, facts }) =>
    facts.phys ? [name] : [],
  );
  const enclosures = hardware.shelves
    .filter(({ name }) => hostsOf(hardware, name).includes(host.name))
    .map(({ name, logicalId }): ExpectedShelf => {
      const ways = portsTo(hardware, name).map(({ card, port }) => ({
        card,
        port,
      }));
      return {
        name,
        ...(logicalId && { id: logicalId }),
        ...(ways.every(({ card }) => known.includes(card)) && { ways }),
      };
    });
  return { enclosures };
}

/** Sold sizes are round, and real ones are not: a disk's is not compared. */
function disksAt(site: Site, hostName: string) {
  const { hardware } = site;
  const seen = [...disksOf(site).values()].filter(
    ({ host, shelf }) =>
      host === hostName ||
      (shelf !== undefined && hostsOf(hardware, shelf).includes(hostName)),
  );
  if (seen.length === 0) return {};
  return {
    disks: seen.flatMap(({ place, wwn, shelf, bay, paths }) =>
      wwn === undefined
        ? []
        : [
            {
              name: place,
              wwn,
              ...(shelf && { paths, enclosure: shelf, slot: bay }),
            },
          ],
    ),
    disksWithoutWwn: seen.filter(({ wwn }) => wwn === undefined).length,
  };
}

/**
 * A card at a known place by its first function. One that may be anywhere by
 * all of them: else the second of two alike would be met by the first's.
 */
function cardsIn(host: Host): ExpectedCard[] {
  return cardsOf(host).flatMap(({ name, facts, index }) => {
    const { id, subsystemId, functions } = facts;
    const path = host.cards[index]?.path;
    const one = {
      name,
      id,
      ...(subsystemId && { subsystemId }),
      ...(facts.phys && { ports: facts.phys.map((phys) => [...phys]) }),
    };
    if (path !== undefined)
      return [{ ...one, address: path.includes(".") ? path : `${path}.0` }];
    return Array.from({ length: functions }, (_, at) => ({
      ...one,
      name: functions === 1 ? name : `${name}, ${at + 1} of ${functions}`,
    }));
  });
}

function modulesOf({
  count,
  size,
  type,
  ecc,
}: NonNullable<Host["modules"]>[number]): ExpectedModule[] {
  return Array.from({ length: count }, () => ({
    sizeBytes: size,
    kind: type,
    ecc,
  }));
}

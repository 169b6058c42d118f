import { createHash } from "node:crypto";
import type { Site } from "../site";
import { hostsOf, portsTo } from "../site/hardware/sas";
import { placesOf } from "./cards";
import type { DiskSpec } from "./host/disks";

type Hardware = Site["hardware"];
type ShelfDisk = Hardware["shelves"][number]["disks"][number];

/** The disks that a machine sees: its own, and those of the shelves at its cables. */
export function diskSpecs(hardware: Hardware, host: string): DiskSpec[] {
  const own = hardware.hosts.find(({ name }) => name === host)?.disks ?? [];
  return [
    // At the board's own ports.
    ...own.map((disk) => ({
      ...specOf(`${host}:${disk.name}`, disk),
      vendor: "ATA",
    })),
    ...hardware.shelves
      .filter(({ name }) => hostsOf(hardware, name).includes(host))
      .flatMap(({ name, paths, disks }, index) =>
        disks.map((disk) => ({
          ...specOf(`${name}:${disk.bay}`, disk),
          enclosure: { id: enclosureOf(index), slot: disk.bay },
          ...waysTo(hardware, name, paths),
          paths,
        })),
      ),
  ];
}

/** Nothing, so the usual ones, where two paths are not two HBAs. */
function waysTo(
  hardware: Hardware,
  shelf: string,
  paths: number,
): Pick<DiskSpec, "hbas" | "ports"> {
  const ways = new Map(
    portsTo(hardware, shelf).flatMap(({ host, card, port }) => {
      const machine = hardware.hosts.find(({ name }) => name === host);
      const place = machine && placesOf(machine).get(card);
      return place ? [[`${place}.0`, port] as const] : [];
    }),
  );
  return ways.size < paths
    ? {}
    : { hbas: [...ways.keys()], ports: [...ways.values()] };
}

function specOf(
  place: string,
  { wwn, size, medium }: Pick<ShelfDisk, "size" | "medium"> & { wwn?: string },
): DiskSpec {
  const id = createHash("sha256").update(place).digest("hex");
  return {
    wwn: wwn ?? `0x5002538${id.slice(0, 9)}`,
    serial: id.slice(0, 8).toUpperCase(),
    vendor: medium === "ssd" ? "SAMSUNG" : "SEAGATE",
    model: medium === "ssd" ? "MZILT1T9HAJQ" : "ST4000NM0025",
    sizeBytes: size,
    rotational: medium === "hdd",
    paths: 1,
  };
}

function enclosureOf(index: number): string {
  return `0x500605b0000000${(16 + index).toString(16)}`;
}

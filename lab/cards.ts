import type { Host } from "../site";
import type { cards } from "../site/catalog/cards";
import type { HostWorld } from "./host";
import type { FactsSpec, PciSpec } from "./host/facts";
import type { PciSpec as NodeFunction } from "./proxmox";

type Model = keyof typeof cards;

export interface CardSpec
  extends Pick<
    PciSpec,
    "class" | "vendor" | "device" | "subsystem" | "driver" | "modules"
  > {
  functions: number;
  /** Each function has a bus of its own. */
  isManyBuses?: boolean;
  link: { width: number; speed: number };
}

const intel = { id: "8086", name: "Intel Corporation" };
const lsi = { id: "1000", name: "Broadcom / LSI" };
const ethernet = { id: "0200", name: "Ethernet controller" };

function nic(
  [id, name]: [string, string],
  driver: string,
  functions: number,
  speed: number,
): CardSpec {
  return {
    class: ethernet,
    vendor: intel,
    device: { id, name },
    driver,
    modules: [driver],
    functions,
    link: { width: 4, speed },
  };
}

/** As lspci shows the real ones. */
const known: Record<Model, CardSpec> = {
  "i350-t4": nic(["1521", "I350 Gigabit Network Connection"], "igb", 4, 5),
  "x550-t2": nic(["1563", "Ethernet Controller X550"], "ixgbe", 2, 8),
  // The switch is left out: NICs are called after the manifest's path.
  "i225-quad": nic(["15f3", "Ethernet Controller I225-V"], "igc", 4, 5),
  "qat-8970": {
    class: { id: "0b40", name: "Co-processor" },
    vendor: intel,
    device: { id: "37c8", name: "C62x Chipset QuickAssist Technology" },
    subsystem: {
      vendor: intel,
      device: { id: "0002", name: "QuickAssist Adapter 8970" },
    },
    driver: "c6xx",
    modules: ["qat_c62x"],
    functions: 3,
    isManyBuses: true,
    link: { width: 16, speed: 8 },
  },
  "lsi-9207-8e": {
    class: { id: "0107", name: "Serial Attached SCSI controller" },
    vendor: lsi,
    device: { id: "0087", name: "SAS2308 PCI-Express Fusion-MPT SAS-2" },
    subsystem: {
      vendor: lsi,
      device: { id: "3040", name: "9207-8e SAS2.1 HBA" },
    },
    driver: "mpt3sas",
    modules: ["mpt3sas"],
    functions: 1,
    link: { width: 8, speed: 8 },
  },
};

/** Undefined for a card that nobody here knows. */
export function cardSpec(model: string): CardSpec | undefined {
  return Object.entries(known).find(([name]) => name === model)?.[1];
}

/** Behind those of the manifest. */
const firstFreeBus = 0x40;
const busesOfCard = 4;

/** By name: where each card sits, "0000:01:00". */
export function placesOf({ cards }: Host): ReadonlyMap<string, string> {
  return new Map(
    cards.map(({ name, path }, index) => {
      const bus = (firstFreeBus + index * busesOfCard).toString(16);
      return [name, path?.replace(/\.[0-9a-f]$/, "") ?? `0000:${bus}:00`];
    }),
  );
}

export function pciOf(host: Host): PciSpec[] {
  const places = placesOf(host);
  return host.cards.flatMap(({ name, model }, index) => {
    const found = cardSpec(model);
    const place = places.get(name);
    if (found === undefined || place === undefined) return [];
    const { functions, isManyBuses, ...spec } = found;
    return Array.from({ length: functions }, (_, at) => ({
      ...spec,
      address: isManyBuses ? `${busAfter(place, at)}.0` : `${place}.${at}`,
      iommuGroup: 20 + index * busesOfCard + at,
      maxLink: spec.link,
    }));
  });
}

/** As a node of Proxmox VE lists what is on its bus. */
export function functionsIn(world: HostWorld): NodeFunction[] {
  const { pci = [] } = world.load<Partial<FactsSpec>>("facts", {});
  return pci.map(
    ({ address, class: kind, vendor, device, subsystem, iommuGroup = -1 }) => ({
      id: address,
      class: `0x${kind.id}00`,
      vendor: `0x${vendor.id}`,
      vendorName: vendor.name,
      device: `0x${device.id}`,
      deviceName: device.name,
      subsystemVendor: subsystem && `0x${subsystem.vendor.id}`,
      subsystemDevice: subsystem && `0x${subsystem.device.id}`,
      iommuGroup,
    }),
  );
}

function busAfter(place: string, count: number): string {
  const [domain, bus = "0", device] = place.split(":");
  const next = (Number.parseInt(bus, 16) + count).toString(16).padStart(2, "0");
  return [domain, next, device].join(":");
}

import type { Sourced } from "./sourced";

export interface Slot {
  name: string;
  /** Lanes that are wired. */
  lanes: number;
  /** Width of the card that goes in. */
  width: number;
}

export interface Machine {
  chipset: "c246" | "c612";
  sockets: number;
  /** With all processors in place. */
  dimmSockets: number;
  slotCount?: number;
  /** By name; left out where their widths are not known. */
  slots?: readonly Slot[];
}

export interface Chipset {
  /** Shared by all that hangs off it. */
  uplink: string;
}

export const chipsets = {
  c246: {
    title: "Intel C246",
    uplink: "DMI 3.0 x4, about 3.9 GB/s",
    assumed: { uplink: "from memory of Intel's product brief" },
  },
  c612: {
    title: "Intel C612",
    uplink: "DMI 2.0 x4, about 2 GB/s",
    assumed: { uplink: "from memory of Intel's product brief" },
  },
} satisfies Record<string, Sourced<Chipset>>;

const slot = (name: string, lanes: number, width = lanes): Slot => ({
  name,
  lanes,
  width,
});

export const machines = {
  "supermicro-entry-server": {
    title: "Entry-level server for Xeon E-2100",
    chipset: "c246",
    sockets: 1,
    dimmSockets: 4,
    slotCount: 2,
    slots: [slot("riser1", 8), slot("riser2", 4)],
    source: "Supermicro X11SCH and X11SCM: Xeon E-2100 on C246",
    assumed: {
      dimmSockets: "in lists of third parties only",
      slots: "Dell's risers; no Supermicro of the class was looked up",
      slotCount: "Dell's risers; no Supermicro of the class was looked up",
    },
  },
  "supermicro-7048r-tr": {
    title: "Supermicro SuperServer 7048R-TR (X10DRi), tower or 4U",
    chipset: "c612",
    sockets: 2,
    dimmSockets: 16,
    slotCount: 6,
    slots: [
      slot("slot1", 16),
      slot("slot2", 8),
      slot("slot3", 16),
      slot("slot4", 8),
      slot("slot5", 16),
      slot("slot6", 8),
    ],
    source: "Supermicro, Memory Configuration Guide for X10 boards (Socket R3)",
    assumed: {
      slots:
        "three x16 and three x8 from memory of the data sheet; their names are to be read off the board",
      slotCount: "from memory of the data sheet",
      dimmSockets: "from memory of the data sheet",
    },
  },
  "supermicro-x10srl-f": {
    title: "Server on a Supermicro X10SRL-F",
    chipset: "c612",
    sockets: 1,
    dimmSockets: 8,
    slotCount: 7,
    slots: [
      slot("slot1", 4, 8),
      slot("slot2", 4, 8),
      slot("slot3", 4, 8),
      slot("slot4", 8),
      slot("slot5", 8, 16),
      slot("slot6", 8),
      slot("slot7", 8, 16),
    ],
    source:
      "blog.silverpc.hu, 2025-09-10, on the X10SRL-F: C612, one E5-2600 v3 or v4, 8 sockets for RDIMM, x16 slots wired x8",
    assumed: {
      slots:
        "from memory of the data sheet; their names are to be read off the board",
      slotCount: "from memory of the data sheet",
    },
  },
  "hpe-ml110-gen9": {
    title: "HPE ProLiant ML110 Gen9",
    chipset: "c612",
    sockets: 1,
    dimmSockets: 8,
    slotCount: 5,
    assumed: {
      chipset: "that of all Xeon E5 v3 and v4 servers of HPE",
      sockets: "by third parties only",
      dimmSockets: "from memory of the QuickSpecs",
      slotCount: "by third parties only",
    },
  },
  "dell-r630": {
    title: "Dell PowerEdge R630",
    chipset: "c612",
    sockets: 2,
    dimmSockets: 24,
    slotCount: 3,
    source:
      "Dell, PowerEdge R630: E5-2600, 24 sockets for RDIMM or LRDIMM, three low-profile slots",
  },
} satisfies Record<string, Sourced<Machine>>;

export type MachineModel = keyof typeof machines;

export function machine(model: MachineModel): Sourced<Machine> {
  return machines[model];
}

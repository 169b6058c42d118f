/** A disk as it was bought; what is on it is in its image. */
export interface DiskSpec {
  /** "0x5000c500a1b2c3d4" */
  wwn: string;
  /** Unique: two disks of one WWN are told apart by it. */
  serial: string;
  /** "ATA" for a SATA disk at the board's own ports. */
  vendor: string;
  model: string;
  sizeBytes: number;
  rotational: boolean;
  enclosure?: { id: string; slot: number };
  /** Host ports that see it. */
  paths: 1 | 2;
  /** The PCI addresses of the HBAs of its paths, where not the usual ones. */
  hbas?: readonly string[];
  /** The external ports of those HBAs that the paths come from; 0 where not told. */
  ports?: readonly number[];
  boot?: boolean;
}

/** Once, at the world's making. */
export interface DisksSpec {
  disks: readonly DiskSpec[];
}

export const usualHbas = ["0000:01:00.0", "0000:02:00.0"] as const;
export const boardPorts = "0000:00:17.0";

/** PCI address of the host adapter behind each path. */
export function adaptersOf(spec: DiskSpec): readonly string[] {
  if (spec.hbas !== undefined) return spec.hbas.slice(0, spec.paths);
  if (spec.vendor === "ATA" && spec.enclosure === undefined)
    return [boardPorts];
  return usualHbas.slice(0, spec.paths);
}

/** "35000c500a1b2c3d4", as scsi_id and multipath name it. */
export function wwidOf(wwn: string): string {
  return `3${wwn.replace(/^0x/, "")}`;
}

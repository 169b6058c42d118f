import type { PartitionEntry } from "../device";
import { type Bytes, readGpt } from "./gpt";
import { readMbr } from "./mbr";

export interface PartitionTable {
  scheme: "gpt" | "dos";
  uuid: string;
  entries: readonly PartitionEntry[];
}

/** As the kernel reads it when a disk appears or its table is written anew. */
export function partitionTable(disk: Bytes): PartitionTable | undefined {
  const gpt = readGpt(disk);
  if (gpt !== undefined) return { scheme: "gpt", ...gpt };
  const mbr = readMbr(disk);
  return mbr === undefined ? undefined : { scheme: "dos", ...mbr };
}

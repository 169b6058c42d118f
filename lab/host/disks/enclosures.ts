import { adaptersOf, type DiskSpec } from "./spec";
import { hostOf } from "./state";

/** A shelf as one of its I/O modules shows it. */
export interface Enclosure {
  /** "0x500304801e8d5700" */
  id: string;
  /** 0 or 1: which of the disks' paths goes through it. */
  module: number;
  adapter: string;
  /** The adapter's external port that its cable comes from. */
  port: number;
  address: [number, number, number, number];
  /** "1:0:48:0" */
  name: string;
  slots: number;
}

const smallest = 12;

export function enclosuresOf({
  disks,
}: {
  disks: readonly DiskSpec[];
}): Enclosure[] {
  const found: Enclosure[] = [];
  const ids = [...new Set(disks.flatMap((disk) => disk.enclosure?.id ?? []))];
  for (const [index, id] of ids.sort().entries()) {
    const inside = disks.filter((disk) => disk.enclosure?.id === id);
    const last = Math.max(...inside.map((disk) => disk.enclosure?.slot ?? 0));
    const modules = Math.max(...inside.map((disk) => adaptersOf(disk).length));
    for (let module = 0; module < modules; module++) {
      const dual = inside.find((disk) => adaptersOf(disk)[module]);
      const adapter = dual && adaptersOf(dual)[module];
      if (adapter === undefined) continue;
      const host = hostOf(disks, adapter);
      const address: [number, number, number, number] = [
        host,
        0,
        disks.length + index,
        0,
      ];
      found.push({
        id,
        module,
        adapter,
        port: dual?.ports?.[module] ?? 0,
        address,
        name: address.join(":"),
        slots: Math.max(smallest, Math.ceil((last + 1) / smallest) * smallest),
      });
    }
  }
  return found;
}

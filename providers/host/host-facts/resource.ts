import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import type { z } from "zod";
import { DynamicResource, type Inputs } from "../../dynamic/resource";
import { typeToken } from "../../dynamic/token";
import type {
  Disk,
  Hba,
  Health,
  LinkErrors,
  MemoryModule,
  PciDevice,
  Shelf,
  Versions,
} from "./facts";
import type { schema } from "./model";

export type HostFactsArgs = Inputs<z.input<typeof schema>>;

/**
 * What a machine is made of, compared with what the manifest says of it. It
 * only looks: when it is made, when `expected` changes, and at each refresh.
 */
export class HostFacts extends DynamicResource {
  static readonly kind = "host:HostFacts";
  /** @internal lets CrossGuard's validateResourceOfType find the type. */
  static readonly __pulumiType = typeToken(HostFacts.kind);

  /** Undefined, as disks and memory: no inventory is kept. */
  declare readonly pci: Output<PciDevice[] | undefined>;
  declare readonly hbas: Output<Hba[]>;
  declare readonly disks: Output<Disk[] | undefined>;
  /** What is in which slot, and by which ways. */
  declare readonly shelves: Output<Shelf[]>;
  /** Of each disk, as it says itself. */
  declare readonly health: Output<Health[]>;
  /** Of each phy that has counted any. */
  declare readonly links: Output<LinkErrors[]>;
  /** Undefined also where the firmware does not say. */
  declare readonly memory: Output<MemoryModule[] | undefined>;
  declare readonly versions: Output<Versions>;
  /** A sentence for each difference, its place first. */
  declare readonly findings: Output<string[]>;

  constructor(
    name: string,
    args: HostFactsArgs,
    options?: CustomResourceOptions,
  ) {
    super(
      HostFacts.kind,
      name,
      args,
      [
        "pci",
        "hbas",
        "disks",
        "shelves",
        "health",
        "links",
        "memory",
        "versions",
        "findings",
      ],
      options,
    );
  }
}

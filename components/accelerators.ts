import type { Output } from "@pulumi/pulumi";
import { warn } from "@pulumi/pulumi/log";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Resource,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { PciMapping } from "../providers/proxmox/pci-mapping/resource";
import type { EndpointOutput, Rung } from "../providers/qat/qat-device/model";
import { QatDevice } from "../providers/qat/qat-device/resource";
import { type Guest, qatDevicesOf, type Site } from "../site";

export interface Accelerator {
  /** How much is proved of it, and what would take it further. */
  rung: Output<Rung>;
  missing: Output<string[]>;
}

/** Vendor and device of a virtual function of C62x, as in Linux's pci.ids. */
const virtualFunction = "8086:37c9";

/** The site's QuickAssist cards, how far each is proved to work, and what guests get of them. */
export class Accelerators extends ComponentResource {
  readonly proved: Record<string, Accelerator> = {};
  readonly #mappings = new Map<string, PciMapping>();

  constructor(
    site: Site,
    /** What each host needs before. */
    needs: (host: string) => Resource[],
    options?: ComponentResourceOptions,
  ) {
    super("site:qat:Accelerators", site.site.name, {}, options);
    for (const plan of qatDevicesOf(site)) {
      const { name, host } = plan;
      const device = new QatDevice(
        name,
        { ...plan, owner: formatOwner(site.site.id, "QatDevice", name) },
        { parent: this, dependsOn: needs(host) },
      );
      device.findings.apply((found) => {
        for (const finding of found ?? [])
          void warn(`QAT ${name}: ${finding}`, this);
      });
      const place = site.proxmox.hosts.find((item) => item.host === host);
      if (plan.stack === "passthrough" && place)
        this.#map(site, name, host, place.node ?? host, device);
      const { rung, missing } = device;
      this.proved[name] = { rung, missing };
    }
    this.registerOutputs({ proved: this.proved });
  }

  /** What a guest has to wait for. */
  neededBy({ pciDevices = [] }: Guest): Resource[] {
    return pciDevices.flatMap(({ mapping }) =>
      [this.#mappings.get(mapping) ?? []].flat(),
    );
  }

  /** Under the card's name, for a guest's `pciDevices`: each gets one that is free. */
  #map(
    site: Site,
    name: string,
    host: string,
    node: string,
    device: QatDevice,
  ): void {
    const entries = (functions: EndpointOutput[]) =>
      functions
        .flatMap(({ virtualFunctions }) => virtualFunctions)
        .map((path) => ({ node, path, id: virtualFunction }));
    const mapping = new PciMapping(
      `${host}-${name}`,
      {
        owner: formatOwner(site.site.id, "PciMapping", name),
        host,
        name,
        map: device.functions.apply(entries),
      },
      { parent: this, dependsOn: [device] },
    );
    this.#mappings.set(name, mapping);
  }
}

import type { Output } from "@pulumi/pulumi";
import { warn } from "@pulumi/pulumi/log";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Resource,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import type { Rung } from "../providers/qat/qat-device/model";
import { QatDevice } from "../providers/qat/qat-device/resource";
import { qatDevicesOf, type Site } from "../site";

export interface Accelerator {
  /** How much is proved of it, and what would take it further. */
  rung: Output<Rung>;
  missing: Output<string[]>;
}

/** The site's QuickAssist cards, and how far each is proved to work. */
export class Accelerators extends ComponentResource {
  readonly proved: Record<string, Accelerator> = {};

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
      const { rung, missing } = device;
      this.proved[name] = { rung, missing };
    }
    this.registerOutputs({ proved: this.proved });
  }
}

import {
  ComponentResource,
  type ComponentResourceOptions,
} from "@pulumi/pulumi/resource";
import type { Site } from "../site";

/** The site's VLANs; the policies go by what it says. */
export class NetworkFabric extends ComponentResource {
  constructor({ site, networks }: Site, options?: ComponentResourceOptions) {
    super("site:network:Fabric", site.name, {}, options);
    this.registerOutputs({ vlans: networks.map(({ vlan }) => vlan) });
  }
}

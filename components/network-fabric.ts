import {
  ComponentResource,
  type ComponentResourceOptions,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { Bridge } from "../providers/proxmox/bridge/resource";
import type { Site } from "../site";

/** The site's VLANs, and the bridges of its hosts that carry them; the policies go by what it says. */
export class NetworkFabric extends ComponentResource {
  /** By the name of their host. */
  readonly bridges: ReadonlyMap<string, readonly Bridge[]>;

  constructor(site: Site, options?: ComponentResourceOptions) {
    super("site:network:Fabric", site.site.name, {}, options);
    this.bridges = new Map(
      site.proxmox.hosts.map(({ host, node, bridges }) => [
        host,
        bridges.map(({ name, vlanAware, ports, bonds, networks }) => {
          const vlans = site.networks
            .filter((network) => networks.includes(network.name))
            .map(({ vlan }) => vlan)
            .sort((left, right) => left - right);
          return new Bridge(
            `${host}-${name}`,
            {
              owner: formatOwner(site.site.id, "Bridge", `${host}-${name}`),
              host,
              node,
              name,
              vlanAware,
              vlanIds: vlanAware ? vlans : undefined,
              ports,
              bonds,
              // The host's installer has made it, with the host's address.
              adopt: true,
            },
            { parent: this },
          );
        }),
      ]),
    );
    this.registerOutputs({ vlans: site.networks.map(({ vlan }) => vlan) });
  }
}

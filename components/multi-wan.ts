import { Config } from "@pulumi/pulumi/config";
import { RunError } from "@pulumi/pulumi/errors";
import type { Output } from "@pulumi/pulumi/output";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Resource,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { Router } from "../providers/openwrt/router/resource";
import type { RoutedSite } from "../site";
import { deriveRouter, type Section } from "../site/uci";
import { uciName } from "../site/uci/names";

/** The router's whole configuration: lines, networks, firewall and addresses. */
export class MultiWan extends ComponentResource {
  readonly router: Router;

  constructor(
    site: RoutedSite,
    /** The guest that it runs in. */
    machine: Resource,
    options?: ComponentResourceOptions,
  ) {
    const name = site.router.guest;
    super("site:network:MultiWan", name, {}, options);
    const { network, firewall, dhcp, mwan3 } = deriveRouter(site);
    this.router = new Router(
      name,
      {
        owner: formatOwner(site.site.id, "Router", name),
        host: name,
        name,
        network: withPasswords(site, network),
        firewall,
        dhcp,
        mwan3,
        macs: site.router.macs,
        management: uciName(site.router.management),
        // It is born with a few of these sections, to be reachable at all.
        adopt: true,
      },
      { parent: this, dependsOn: [machine] },
    );
    this.registerOutputs({});
  }
}

/** PPPoE's passwords are among the router's credentials, by the line's name. */
function withPasswords(
  site: RoutedSite,
  network: Section[],
): (Section | Output<Section>)[] {
  const dialled = new Map(
    site.wan.lines
      .filter(({ protocol }) => protocol === "pppoe")
      .map((line) => [line.interface, line.name]),
  );
  if (dialled.size === 0) return network;
  const router = site.router.guest;
  const secrets = new Config("hybrid-site").requireSecretObject<
    Record<string, { openwrt?: { pppoe?: Record<string, string> } }>
  >("credentials");
  return network.map((section) => {
    const line = dialled.get(section.section);
    if (line === undefined || section.type !== "interface") return section;
    return secrets.apply((credentials): Section => {
      const password = credentials[router]?.openwrt?.pppoe?.[line];
      if (password === undefined) {
        throw new RunError(
          `Unable to configure line "${line}": it dials in by PPPoE, and its password is not set. Set it with "pulumi config set --secret --path hybrid-site:credentials.${router}.openwrt.pppoe.${line} PASSWORD".`,
        );
      }
      return { ...section, options: { ...section.options, password } };
    });
  });
}

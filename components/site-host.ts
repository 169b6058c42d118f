import { warn } from "@pulumi/pulumi/log";
import {
  ComponentResource,
  type ComponentResourceOptions,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { HostFacts } from "../providers/host/host-facts/resource";
import { ManagedFiles } from "../providers/host/managed-files/resource";
import type { Host, Site } from "../site";
import { expectedOf } from "../site/hardware/expected";
import { hostFilesOf } from "../site/host-files";

/** A machine of the site: what it has in files, and what is found in it. */
export class SiteHost extends ComponentResource {
  constructor(
    site: Site,
    { name: host }: Host,
    options?: ComponentResourceOptions,
  ) {
    super("site:host:Host", host, {}, options);
    const { findings } = new HostFacts(
      host,
      {
        owner: formatOwner(site.site.id, "HostFacts", host),
        host,
        name: host,
        expected: expectedOf(site, host),
        inventory: false,
      },
      { parent: this },
    );
    findings.apply((found) => {
      for (const finding of found) void warn(`host ${host}: ${finding}`, this);
    });
    for (const plan of hostFilesOf(site).filter((item) => item.host === host)) {
      const name = `${host}-${plan.name}`;
      new ManagedFiles(
        name,
        {
          ...plan,
          name,
          owner: formatOwner(site.site.id, "ManagedFiles", name),
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

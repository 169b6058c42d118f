import {
  ComponentResource,
  type ComponentResourceOptions,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { ManagedFiles } from "../providers/host/managed-files/resource";
import type { Host, Site } from "../site";
import { hostFilesOf } from "../site/host-files";

/** A machine of the site: what it has in files, and what is found in it. */
export class SiteHost extends ComponentResource {
  constructor(
    site: Site,
    { name: host }: Host,
    options?: ComponentResourceOptions,
  ) {
    super("site:host:Host", host, {}, options);
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

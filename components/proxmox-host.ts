import {
  ComponentResource,
  type ComponentResourceOptions,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { Template } from "../providers/proxmox/template/resource";
import type { Image, ProxmoxHost, Site } from "../site";

/** One Proxmox VE host: the templates of the images that its guests clone. */
export class SiteProxmoxHost extends ComponentResource {
  readonly templates: readonly Template[];

  constructor(
    site: Site,
    { host, node, storages }: ProxmoxHost,
    options?: ComponentResourceOptions,
  ) {
    super("site:proxmox:Host", host, {}, options);
    const disks = storages.find(({ content }) => content.includes("images"));
    this.templates = clonedImages(site, host).map((image) => {
      const name = `${host}-${image.name}`;
      return new Template(
        name,
        {
          owner: formatOwner(site.site.id, "Template", name),
          host,
          node,
          name: image.name,
          vmId: site.proxmox.vmIds,
          image: imageFile(image),
          storage: disks?.name ?? image.storage,
        },
        { parent: this },
      );
    });
    this.registerOutputs({});
  }
}

function clonedImages({ guests, proxmox }: Site, host: string): Image[] {
  const used = guests
    .filter((guest) => guest.host === host && guest.from === "clone")
    .map(({ image }) => image);
  return proxmox.images.filter(({ name }) => used.includes(name));
}

function imageFile({ storage, file, url, checksum }: Image) {
  if (!url || !checksum) return { storage, file };
  return {
    storage,
    file,
    download: { url, sha256: checksum.replace("sha256:", "") },
  };
}

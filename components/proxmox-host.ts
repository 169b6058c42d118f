import {
  ComponentResource,
  type ComponentResourceOptions,
  type Resource,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { NodeOptions } from "../providers/proxmox/node-options/resource";
import { PciMapping } from "../providers/proxmox/pci-mapping/resource";
import { Template } from "../providers/proxmox/template/resource";
import {
  clocksOf,
  type Guest,
  type Image,
  type ProxmoxHost,
  powerOf,
  type Site,
} from "../site";

/**
 * One Proxmox VE host: its start delay and time zone, templates of the images
 * that its guests clone, and the router's WAN card.
 */
export class SiteProxmoxHost extends ComponentResource {
  readonly #templates: readonly Template[];
  readonly #wanCard: PciMapping | undefined;

  constructor(
    site: Site,
    { host, node, storages }: ProxmoxHost,
    options?: ComponentResourceOptions,
  ) {
    super("site:proxmox:Host", host, {}, options);
    const disks = storages.find(({ content }) => content.includes("images"));
    this.#setOptions(site, host, node);
    this.#wanCard = this.#mapWanCard(site, host, node ?? host);
    this.#templates = clonedImages(site, host).map((image) => {
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

  /** What must be there before a guest of the host is. */
  neededBy({ from, role }: Guest): Resource[] {
    return [
      ...(from === "clone" ? this.#templates : []),
      ...(role === "router" && this.#wanCard ? [this.#wanCard] : []),
    ];
  }

  #setOptions(site: Site, host: string, node: string | undefined): void {
    const startDelay = powerOf(site).guestDelaySeconds[host];
    const timezone = clocksOf(site).find((clock) => clock.host === host)?.zone;
    if (startDelay === undefined && timezone === undefined) return;
    new NodeOptions(
      host,
      {
        owner: formatOwner(site.site.id, "NodeOptions", host),
        host,
        node,
        name: host,
        startDelay,
        timezone,
      },
      { parent: this },
    );
  }

  #mapWanCard(site: Site, host: string, node: string): PciMapping | undefined {
    const { router, guests } = site;
    const guest = guests.find(({ name }) => name === router?.guest);
    if (router === undefined || guest?.host !== host) return undefined;
    const { mapping, path, id } = router.wanCard;
    return new PciMapping(
      `${host}-${mapping}`,
      {
        owner: formatOwner(site.site.id, "PciMapping", mapping),
        host,
        name: mapping,
        map: [{ node, path, id }],
      },
      { parent: this },
    );
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

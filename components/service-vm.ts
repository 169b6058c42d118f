import {
  ComponentResource,
  type ComponentResourceOptions,
  type Resource,
} from "@pulumi/pulumi/resource";
import { formatOwner } from "../providers/dynamic/owner";
import { VirtualMachine } from "../providers/proxmox/virtual-machine/resource";
import { type Guest, prefixLength, type Site } from "../site";

const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

/** One guest of the manifest. */
export class ServiceVm extends ComponentResource {
  readonly machine: VirtualMachine;

  constructor(
    site: Site,
    guest: Guest,
    /** What it is cloned from, to be there first. */
    dependsOn: readonly Resource[],
    options?: ComponentResourceOptions,
  ) {
    super("site:proxmox:Guest", guest.name, {}, options);
    const { host, image } = guest;
    const place = site.proxmox.hosts.find((item) => item.host === host);
    const file = site.proxmox.images.find(({ name }) => name === image);
    this.machine = new VirtualMachine(
      guest.name,
      {
        owner: formatOwner(site.site.id, "VirtualMachine", guest.name),
        host,
        node: place?.node,
        cluster: place?.cluster,
        name: guest.name,
        vmId: guest.vmId ?? site.proxmox.vmIds,
        source:
          guest.from === "clone"
            ? { template: image }
            : { image: `${file?.storage}:import/${file?.file}` },
        cores: guest.cores,
        cpuType: guest.cpuType,
        memory: Math.round(guest.memory / mebibyte),
        balloon: guest.balloon && Math.round(guest.balloon / mebibyte),
        bios: guest.bios,
        machine: guest.machine,
        efiDisk: guest.efiDisk,
        tpm: guest.tpm,
        disks: Object.fromEntries(
          guest.disks.map(({ slot, size, ...disk }) => [
            slot,
            { ...disk, size: Math.ceil(size / gibibyte) },
          ]),
        ),
        nics: Object.fromEntries(
          guest.nics.map(({ network, trunk, address: _, ...nic }, index) => [
            `net${index}`,
            {
              ...nic,
              tag: network ? vlanOf(site, network) : undefined,
              trunks: trunk?.map((name) => vlanOf(site, name)),
            },
          ]),
        ),
        pciDevices: pciDevices(site, guest),
        cloudInit: cloudInit(site, guest),
        startup: guest.startup && {
          order: guest.startup.order,
          upDelay: seconds(guest.startup.upDelay),
          downDelay: seconds(guest.startup.downDelay),
        },
        tags: guest.tags.length > 0 ? guest.tags : undefined,
        pool: guest.pool,
        ha: guest.ha,
        protection: guest.protection,
        reboot: guest.reboot,
        // Defaults are left out: state holds each input twice.
        onBoot: guest.onBoot ? undefined : false,
        agent: guest.agent || undefined,
        power: guest.power === "running" ? undefined : guest.power,
      },
      { parent: this, dependsOn: [...dependsOn] },
    );
    this.registerOutputs({});
  }
}

/** The router's WAN card comes first, so that its ports are called the same whatever else it has. */
function pciDevices({ router }: Site, guest: Guest) {
  const cards = [
    ...(router?.guest === guest.name
      ? [{ mapping: router.wanCard.mapping }]
      : []),
    ...(guest.pciDevices ?? []),
  ];
  return cards.length > 0
    ? Object.fromEntries(cards.map((pci, index) => [`hostpci${index}`, pci]))
    : undefined;
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds && Math.round(milliseconds / 1_000);
}

function vlanOf({ networks }: Site, name: string): number {
  return networks.find((network) => network.name === name)?.vlan ?? 0;
}

function cloudInit({ networks }: Site, guest: Guest) {
  if (guest.cloudInit === undefined) return undefined;
  const { dns, ...settings } = guest.cloudInit;
  const addresses = guest.nics.flatMap(
    ({ network, address = "dhcp" }, index) => {
      const range = networks.find(({ name }) => name === network);
      if (range === undefined || address === "none") return [];
      const ipv4 =
        address === "dhcp" ? address : `${address}/${prefixLength(range.cidr)}`;
      const gateway = address === "dhcp" ? undefined : range.gateway;
      return [[`net${index}`, { ipv4, gateway }] as const];
    },
  );
  return {
    ...settings,
    nameservers: dns,
    addresses: Object.fromEntries(addresses),
  };
}

import type { Site } from "../site";
import { addressAt } from "./addresses";
import type { NodeSpec, PciSpec, ProxmoxSpec } from "./proxmox";

const pvePort = 8006;
/** A cloud image's order of size; nothing reads its bytes. */
const imageBytes = 620_852_736;
const placedBytes = 126 * 2 ** 20;

/** The hardware that the manifest describes, as the lab simulates it at `place`. */
export function specOf(site: Site, place: number): ProxmoxSpec {
  const clusters = new Map<string, NodeSpec[]>();
  for (const [index, entry] of site.proxmox.hosts.entries()) {
    const { host, node = host, cluster = host, bridges, storages } = entry;
    const machine = site.hardware.hosts.find(({ name }) => name === host);
    const nodes = clusters.get(cluster) ?? [];
    clusters.set(cluster, nodes);
    nodes.push({
      name: node,
      listen: addressAt(place, machine?.addresses.management, index, pvePort),
      cores: machine?.cores ?? 1,
      memoryBytes: machine?.memory ?? 0,
      bridges: bridges.map(({ name }) => name),
      ports: Object.fromEntries(
        bridges.map(({ name, ports }) => [name, ports]),
      ),
      nics: machine?.recoveryPort ? [machine.recoveryPort] : [],
      pci: wanCard(site, host),
      storages: storages.map(({ name, type, content, size }) => ({
        id: name,
        type,
        content,
        totalBytes: size,
        files: placedImages(site, name),
      })),
    });
  }
  return {
    clusters: [...clusters].map(([name, nodes]) => ({ name, nodes })),
    internet: site.proxmox.images.flatMap(({ url, checksum }) =>
      url && checksum
        ? [{ url, sha256: checksum.replace("sha256:", ""), bytes: imageBytes }]
        : [],
    ),
  };
}

/** What the operator has placed by hand. */
function placedImages({ proxmox }: Site, storage: string) {
  return proxmox.images
    .filter((image) => image.url === undefined && image.storage === storage)
    .map(({ file }) => ({ name: `import/${file}`, bytes: placedBytes }));
}

/** The ports of the router's card, in the host that the router runs on. */
function wanCard({ router, wan, guests }: Site, host: string): PciSpec[] {
  const guest = guests.find(({ name }) => name === router?.guest);
  if (router === undefined || guest?.host !== host) return [];
  const { path, id } = router.wanCard;
  const [vendor, device] = id.split(":");
  const ports = path.includes(".")
    ? [path]
    : (wan?.lines ?? []).map((_, at) => `${path}.${at}`);
  return ports.map((port) => ({
    id: port,
    class: "0x020000",
    vendor: `0x${vendor}`,
    device: `0x${device}`,
    iommuGroup: 30,
  }));
}

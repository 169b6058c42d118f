import type { Site } from "../site";
import { hash, labDirectory } from "./paths";
import type { NodeSpec, ProxmoxSpec } from "./proxmox";

const pvePort = 8006;
/** A cloud image's order of size; nothing reads its bytes. */
const imageBytes = 620_852_736;
const placedBytes = 126 * 2 ** 20;

/**
 * The hardware that the manifest describes, as the lab simulates it: on Linux
 * each host has its own loopback address that ends as its management address.
 */
export function specOf(site: Site): ProxmoxSpec {
  const clusters = new Map<string, NodeSpec[]>();
  for (const [index, place] of site.proxmox.hosts.entries()) {
    const { host, node = host, cluster = host, bridges, storages } = place;
    const machine = site.hardware.hosts.find(({ name }) => name === host);
    const nodes = clusters.get(cluster) ?? [];
    clusters.set(cluster, nodes);
    nodes.push({
      name: node,
      listen: listenAt(machine?.addresses.management, index),
      cores: machine?.cores ?? 1,
      memoryBytes: machine?.memory ?? 0,
      bridges: bridges.map(({ name }) => name),
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

function listenAt(address: string | undefined, index: number) {
  if (process.platform !== "linux") {
    return { host: "127.0.0.1", port: pvePort + 10_000 + index };
  }
  const [, , third = "0", fourth = String(index + 1)] =
    address?.split(".") ?? [];
  // 64 to 191: away from 127.0.0.1 and from what distributions use.
  const second = 64 + (Number.parseInt(hash(labDirectory), 16) % 128);
  return { host: `127.${second}.${third}.${fourth}`, port: pvePort };
}

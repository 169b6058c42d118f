import type { Site } from "../manifest";
import type { Problem } from "../problem";
import { suggest } from "../suggest";

export function imageProblems({ proxmox, guests }: Site): Problem[] {
  return proxmox.images.flatMap((image, index): Problem[] => {
    const path = ["proxmox", "images", index];
    if ((image.url === undefined) !== (image.checksum === undefined)) {
      return [
        {
          message:
            "a download needs both url and checksum, add the other or drop both",
          path,
        },
      ];
    }
    const users = guests.filter((guest) => guest.image === image.name);
    return [...new Set(users.map(({ host }) => host))].flatMap((name) => {
      const host = proxmox.hosts.find((candidate) => candidate.host === name);
      const storage = host?.storages.find(
        (item) => item.name === image.storage,
      );
      if (host === undefined || storage?.content.includes("import")) return [];
      const message = storage
        ? `storage "${image.storage}" of host "${name}" does not take images, add "import" to its content`
        : `host "${name}" has no storage "${image.storage}"${suggest(
            image.storage,
            host.storages.map((item) => item.name),
          )}`;
      return [{ message, path: [...path, "storage"] }];
    });
  });
}

export function vmIdProblems({ proxmox, guests }: Site): Problem[] {
  const seen = new Set<string>();
  const { from, to } = proxmox.vmIds;
  const range: Problem[] =
    from <= to
      ? []
      : [
          {
            message: `vmIds go from ${from} down to ${to}, swap them`,
            path: ["proxmox", "vmIds"],
          },
        ];
  return [
    ...range,
    ...guests.flatMap(({ vmId, host }, index) => {
      if (vmId === undefined) return [];
      const place =
        proxmox.hosts.find((item) => item.host === host)?.cluster ?? host;
      const key = `${place}/${vmId}`;
      const repeated = seen.has(key);
      seen.add(key);
      const message = `VM id ${vmId} is used twice on "${place}", give each its own`;
      return repeated ? [{ message, path: ["guests", index, "vmId"] }] : [];
    }),
  ];
}

/** Inputs of a guest that do not go together. */
export function guestProblems({ proxmox, guests }: Site): Problem[] {
  return guests.flatMap((guest, index) => {
    const problems: Problem[] = [];
    const refuse = (key: string, message: string) =>
      problems.push({ message, path: ["guests", index, key] });
    const host = proxmox.hosts.find((item) => item.host === guest.host);
    if (guest.ha && host && host.cluster === undefined) {
      refuse(
        "ha",
        `host "${guest.host}" stands alone, and HA needs a cluster, drop ha or name the host's cluster`,
      );
    }
    if (guest.efiDisk && guest.bios !== "ovmf") {
      refuse("efiDisk", 'efiDisk is for bios "ovmf", set that or drop efiDisk');
    }
    if (guest.balloon !== undefined && guest.balloon > guest.memory) {
      refuse("balloon", "balloon is more than memory, make it at most that");
    }
    const pcie = guest.pciDevices?.some((device) => device.pcie);
    if (pcie && !guest.machine?.includes("q35")) {
      refuse("pciDevices", 'pcie needs machine "q35", set that or drop pcie');
    }
    return problems;
  });
}

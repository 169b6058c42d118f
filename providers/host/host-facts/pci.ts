import type { Link, PciDevice } from "./facts";

const sysfs = "/sys/bus/pci/devices";
const attributes = [
  "current_link_width",
  "current_link_speed",
  "max_link_width",
  "max_link_speed",
];

/** Of `lspci -Dvmmnnk`: a paragraph a function, "Device:\tName [0087]". */
export function parsePci(text: string): PciDevice[] {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => {
      const fields = new Map(
        paragraph.split("\n").flatMap((line) => {
          const [, key, value] = /^(\w+):\t(.*)$/.exec(line) ?? [];
          return key === undefined ? [] : [[key, value ?? ""] as const];
        }),
      );
      return fromFields((key) => fields.get(key));
    })
    .filter((device) => device !== undefined);
}

function fromFields(
  field: (key: string) => string | undefined,
): PciDevice | undefined {
  const address = field("Slot");
  if (address === undefined) return undefined;
  const [vendor, device] = [named(field("Vendor")), named(field("Device"))];
  const [subVendor, subDevice] = [
    named(field("SVendor")),
    named(field("SDevice")),
  ];
  const group = field("IOMMUGroup");
  return {
    address,
    class: named(field("Class")).name,
    id: `${vendor.id}:${device.id}`,
    subsystemId: subVendor.id ? `${subVendor.id}:${subDevice.id}` : undefined,
    name: `${vendor.name} ${device.name}`,
    driver: field("Driver"),
    iommuGroup: group === undefined ? undefined : Number(group),
  };
}

function named(text = ""): { name: string; id: string } {
  const [, name = "", id = ""] = /^(.*) \[([0-9a-f]{4})\]$/.exec(text) ?? [];
  return { name, id };
}

export function linkPaths(devices: readonly PciDevice[]): string[] {
  return devices.flatMap(({ address }) =>
    attributes.map((name) => `${sysfs}/${address}/${name}`),
  );
}

/** With the links, where there are any: "8.0 GT/s PCIe", and no lanes is none. */
export function withLinks(
  device: PciDevice,
  attribute: (path: string) => string | undefined,
): PciDevice {
  const link = (which: string): Link | undefined => {
    const at = `${sysfs}/${device.address}/${which}_link`;
    const width = Number(attribute(`${at}_width`));
    const speed = Number.parseFloat(attribute(`${at}_speed`) ?? "");
    // 255 lanes: the bridge knows of none.
    const isLink = width > 0 && width < 255 && speed > 0;
    return isLink ? { width, speed } : undefined;
  };
  return { ...device, link: link("current"), maxLink: link("max") };
}

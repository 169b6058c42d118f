import { parse } from "./property-strings";
import type { PciSpec } from "./spec";
import type { Mapping, Node, World } from "./world";

export function mappingOf(
  world: World,
  cluster: string,
  kind: "pci" | "usb",
  id: string,
): Mapping | undefined {
  return world.mappings.get(`${cluster}/${kind}/${id}`);
}

/** The devices that a mapping has on a node. */
export function devicesOn(
  { map }: Mapping,
  node: string,
): Record<string, string>[] {
  return map
    .map((text) => parse(text, "node"))
    .filter((device) => device.node === node);
}

/** What is on a node's bus now. */
export function functionsOf(world: World, node: Node): PciSpec[] {
  const machine = world.functionsOf?.(node.name) ?? [];
  const others = (node.pci ?? []).filter(
    ({ id }) => !machine.some((item) => item.id === id),
  );
  return [...machine, ...others];
}

/** What of an entry is not as the node's hardware has it. */
export function mismatch(
  mapping: Mapping,
  entry: Record<string, string>,
  world: World,
  node: Node,
): string | undefined {
  return mapping.kind === "pci"
    ? pciMismatch(mapping.id, entry, functionsOf(world, node))
    : usbMismatch(mapping.id, entry, node);
}

function pciMismatch(
  name: string,
  entry: Record<string, string>,
  functions: readonly PciSpec[],
): string | undefined {
  for (const [index, given] of (entry.path ?? "").split(";").entries()) {
    // A card without a function is all of its functions, of which the first must be.
    const path = /\.[a-f0-9]$/i.test(given) ? given : `${given}.0`;
    const device = functions.find(({ id }) => id === path);
    if (device === undefined) return `pci device '${path}' not found`;
    const { vendor, device: model, iommuGroup } = device;
    const { subsystemVendor, subsystemDevice } = device;
    const expected: [string, string | undefined][] = [
      ["id", `${vendor}:${model}`],
      ...(index === 0
        ? [
            ["iommugroup", iommuGroup < 0 ? undefined : `${iommuGroup}`] as [
              string,
              string | undefined,
            ],
          ]
        : []),
      [
        "subsystem-id",
        subsystemVendor && subsystemDevice
          ? `${subsystemVendor}:${subsystemDevice}`
          : undefined,
      ],
    ];
    for (const [property, hexadecimal] of expected) {
      const wanted = hexadecimal?.replaceAll("0x", "");
      const actual = entry[property]?.replaceAll("0x", "");
      if (wanted === undefined && actual === undefined) continue;
      if (actual === undefined)
        return `missing expected property '${property}' for device '${path}'`;
      if (wanted === undefined)
        return `unexpected property '${property}' configured for device '${path}'`;
      if (wanted !== actual)
        return `'${property}' does not match for '${name}' (${wanted} != ${actual})`;
    }
  }
  return undefined;
}

function usbMismatch(
  name: string,
  { id = "", path }: Record<string, string>,
  node: Node,
): string | undefined {
  const devices = (node.usb ?? []).map(
    ({ busnum, usbpath, vendid, prodid }) => ({
      path: `${busnum}-${usbpath}`,
      id: `${vendid}:${prodid}`,
    }),
  );
  if (path === undefined)
    return devices.some((device) => device.id === id)
      ? undefined
      : `usb device '${id}' not found`;
  const device = devices.find((item) => item.path === path);
  if (device === undefined) return `usb device '${path}' not found`;
  return device.id === id
    ? undefined
    : `'id' does not match for '${name}' (${device.id} != ${id})`;
}

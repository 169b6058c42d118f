import { UserError } from "../../dynamic/failure";
import { ProxmoxError, type ProxmoxSession, path } from "../client";
import type { DeviceInputs } from "./model";

/** A function of a card, as GET /nodes/{node}/hardware/pci answers it. */
interface PciFunction {
  id: string;
  class: string;
  vendor: string;
  device: string;
  vendor_name?: string;
  device_name?: string;
  subsystem_vendor?: string;
  subsystem_device?: string;
  iommugroup: number;
}

/** What PVE compares with the mapping when a guest starts. */
export interface Identity {
  id: string;
  subsystemId: string | undefined;
  iommuGroup: number;
}

/** What each declared device is; throws when guests could not get it, or the host would lose more. */
export async function identify(
  session: ProxmoxSession,
  map: readonly DeviceInputs[],
): Promise<Identity[]> {
  const identities: Identity[] = [];
  for (const device of map) {
    const functions = await functionsOf(session, device.node);
    const [first, ...others] = mapped(functions, device);
    const identity = identityOf(first);
    refuseDifferent(device, first, identity);
    const mine = map.filter(({ node }) => node === device.node);
    for (const item of [first, ...others]) {
      refuseGroup(item, functions, mine, device.node);
    }
    identities.push(identity);
  }
  return identities;
}

/** The same without refusal; undefined: not known, the node or the card is away. */
export async function look(
  session: ProxmoxSession,
  device: DeviceInputs,
): Promise<Identity | undefined> {
  try {
    const functions = await functionsOf(session, device.node);
    const [first = ""] = device.path.split(";");
    const found = functions.find(({ id }) => id === firstFunction(first));
    return found && identityOf(found);
  } catch (error) {
    if (error instanceof ProxmoxError) return undefined;
    throw error;
  }
}

/** Bridges and memory controllers are left out unless the filter is emptied. */
function functionsOf(
  session: ProxmoxSession,
  node: string,
): Promise<PciFunction[]> {
  return session.shared(path`/nodes/${node}/hardware/pci`, {
    "pci-class-blacklist": ";",
  });
}

function firstFunction(address: string): string {
  return address.includes(".") ? address : `${address}.0`;
}

function mapped(
  functions: readonly PciFunction[],
  device: DeviceInputs,
): [PciFunction, ...PciFunction[]] {
  const find = (address: string) => {
    const found = functions.find(({ id }) => id === firstFunction(address));
    if (found) return found;
    const same = functions.filter((item) => identityOf(item).id === device.id);
    const hint = same.length > 0 ? `, but ${same.map(told).join(", ")}` : "";
    throw new UserError(
      `node "${device.node}" has no PCI device ${firstFunction(address)}${hint}. Correct the path, or look whether the card is seated and its slot enabled ("lspci -nn" on the node)`,
    );
  };
  const [first = "", ...others] = device.path.split(";");
  return [find(first), ...others.map(find)];
}

function identityOf(item: PciFunction): Identity {
  const { vendor, device, subsystem_vendor, subsystem_device } = item;
  return {
    id: digits(`${vendor}:${device}`),
    subsystemId:
      subsystem_vendor && subsystem_device
        ? digits(`${subsystem_vendor}:${subsystem_device}`)
        : undefined,
    iommuGroup: item.iommugroup,
  };
}

function digits(text: string): string {
  return text.replaceAll("0x", "");
}

function told(item: PciFunction): string {
  const name = item.device_name ? ` ${item.device_name}` : "";
  return `${item.id} (${identityOf(item).id}${name})`;
}

function refuseDifferent(
  device: DeviceInputs,
  first: PciFunction,
  found: Identity,
): void {
  const { node } = device;
  if (found.iommuGroup < 0) {
    throw new UserError(
      `PCI device ${told(first)} of node "${node}" is in no IOMMU group, so no guest can have it. Enable VT-d or AMD-Vi in the node's firmware (Intel before kernel 6.8 also "intel_iommu=on" on its command line) and reboot it`,
    );
  }
  for (const key of ["id", "subsystemId", "iommuGroup"] as const) {
    if (device[key] === undefined || device[key] === found[key]) continue;
    throw new UserError(
      `PCI device ${told(first)} of node "${node}" has ${key} ${found[key] ?? "none"}, declared is ${device[key]}. Correct the path or the ${key}`,
    );
  }
}

/** When a guest starts the host loses every device of the group, bridges excepted. */
function refuseGroup(
  item: PciFunction,
  functions: readonly PciFunction[],
  mine: readonly DeviceInputs[],
  node: string,
): void {
  const isMapped = ({ id }: PciFunction) =>
    mine.some(({ path: list }) =>
      list
        .split(";")
        .some((address) =>
          address.includes(".") ? id === address : id.startsWith(`${address}.`),
        ),
    );
  const others = functions.filter(
    (other) =>
      other.iommugroup === item.iommugroup &&
      !/^0x06/.test(other.class) &&
      !isMapped(other),
  );
  if (others.length === 0) return;
  throw new UserError(
    `node "${node}" would lose ${others.map(told).join(", ")} to the guest too: it shares IOMMU group ${item.iommugroup} with ${item.id}. Map it along, put the card into another slot, or enable ACS in the firmware`,
  );
}

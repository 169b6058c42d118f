import { text } from "../../guests/config";
import {
  formatProperties,
  isTrue,
  mergeProperties,
  type Properties,
  type Property,
  parseProperties,
} from "../../property-string";
import type { VirtualMachineInputs } from "../model";
import { type Area, indexed } from "./area";

type Record_ = Record<string, object | string>;

/** A record of devices by slot: the inputs' alone as soon as they name it. */
function devices<Device extends object | string>(
  input: keyof VirtualMachineInputs,
  kind: string,
  defaultKey: string,
  properties: (device: Device) => Record<string, Property>,
  actual: (properties: Properties, wanted: Device | undefined) => Device,
): Area {
  return {
    write(inputs, config, before) {
      const wanted = inputs[input] as Record<string, Device> | undefined;
      const old = before?.[input] as Record<string, Device> | undefined;
      const slots = wanted
        ? indexed(config, kind, wanted)
        : Object.keys(old ?? {});
      return Object.fromEntries(
        slots.map((slot) => {
          const device = wanted?.[slot];
          if (device === undefined) return [slot, undefined];
          const current = parseProperties(text(config, slot) ?? "", defaultKey);
          const previous = old?.[slot];
          const merged = mergeProperties(
            current,
            properties(device),
            previous && properties(previous),
          );
          return [slot, formatProperties(merged, defaultKey)];
        }),
      );
    },
    read(inputs, config) {
      const wanted = inputs[input] as Record_ | undefined;
      if (wanted === undefined) return {};
      return {
        [input]: Object.fromEntries(
          indexed(config, kind).map((slot) => {
            const found = parseProperties(text(config, slot) ?? "", defaultKey);
            return [slot, actual(found, wanted[slot] as Device | undefined)];
          }),
        ),
      };
    },
  };
}

type Of<Key extends keyof VirtualMachineInputs> =
  NonNullable<VirtualMachineInputs[Key]> extends Record<string, infer Device>
    ? Device
    : never;

const flag = (set: boolean | undefined, value: string | undefined) =>
  set === undefined ? undefined : isTrue(value);

export const deviceAreas: readonly Area[] = [
  devices<Of<"pciDevices">>(
    "pciDevices",
    "hostpci",
    "host",
    ({ mapping, pcie, romBar, primaryGpu, mediatedDevice }) => ({
      mapping,
      pcie,
      rombar: romBar,
      "x-vga": primaryGpu,
      mdev: mediatedDevice,
    }),
    (found, wanted) => ({
      mapping: found.mapping ?? found.host ?? "",
      pcie: flag(wanted?.pcie, found.pcie),
      romBar: flag(wanted?.romBar, found.rombar ?? "1"),
      primaryGpu: flag(wanted?.primaryGpu, found["x-vga"]),
      mediatedDevice: found.mdev,
    }),
  ),
  devices<Of<"usbDevices">>(
    "usbDevices",
    "usb",
    "host",
    ({ mapping, spice, usb3 }) => ({
      mapping,
      host: spice ? "spice" : undefined,
      usb3,
    }),
    (found, wanted) => ({
      mapping: found.mapping,
      spice: found.host === "spice" || undefined,
      usb3: flag(wanted?.usb3, found.usb3),
    }),
  ),
  devices<Of<"numaNodes">>(
    "numaNodes",
    "numa",
    "",
    ({ cpus, memory, hostNodes, policy }) => ({
      cpus,
      memory,
      hostnodes: hostNodes,
      policy,
    }),
    (found) => ({
      cpus: found.cpus ?? "",
      memory: Number(found.memory ?? 0),
      hostNodes: found.hostnodes,
      policy: found.policy as Of<"numaNodes">["policy"],
    }),
  ),
  devices<string>(
    "serialPorts",
    "serial",
    "device",
    (device) => ({ device }),
    ({ device = "" }) => device,
  ),
];

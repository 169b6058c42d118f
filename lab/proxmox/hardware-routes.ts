import { type Call, type Route, requirePrivilege } from "./call";
import { functionsOf } from "./mappings";
import { boolean, string } from "./parameters";
import type { PciSpec, UsbSpec } from "./spec";

const hardware = "/nodes/{node}/hardware";
/** Memory controllers, bridges and processors. */
const hiddenClasses = "05;06;0b";

const audit = (call: Call) =>
  requirePrivilege(call, "/", "Sys.Audit", "Sys.Modify");

function pciDevice(spec: PciSpec, isVerbose: boolean) {
  if (!isVerbose) return { id: spec.id };
  const { id, class: classId, vendor, device, iommuGroup, mdev } = spec;
  return {
    id,
    class: classId,
    vendor,
    device,
    iommugroup: iommuGroup,
    ...(spec.vendorName ? { vendor_name: spec.vendorName } : {}),
    ...(spec.deviceName ? { device_name: spec.deviceName } : {}),
    ...(spec.subsystemVendor ? { subsystem_vendor: spec.subsystemVendor } : {}),
    ...(spec.subsystemDevice ? { subsystem_device: spec.subsystemDevice } : {}),
    ...(mdev ? { mdev: 1 } : {}),
  };
}

function usbDevice({ speed = "480", ...device }: UsbSpec) {
  return { ...device, speed, class: 0, level: 1, port: 1 };
}

export const hardwareRoutes: Route[] = [
  {
    method: "GET",
    path: hardware,
    handle: () => [{ type: "pci" }, { type: "usb" }],
  },
  {
    method: "GET",
    path: `${hardware}/pci`,
    allow: audit,
    schema: {
      optional: { "pci-class-blacklist": string, verbose: boolean },
    },
    handle: ({ world, node, params }) => {
      const hidden = (params["pci-class-blacklist"] ?? hiddenClasses)
        .split(/[;, ]+/)
        .filter(Boolean);
      return functionsOf(world, node)
        .filter(
          (device) =>
            !hidden.some((prefix) => device.class.startsWith(`0x${prefix}`)),
        )
        .map((device) => pciDevice(device, params.verbose !== "0"));
    },
  },
  {
    method: "GET",
    path: `${hardware}/usb`,
    allow: (call) =>
      requirePrivilege(call, `/nodes/${call.node.name}`, "Sys.Modify"),
    handle: ({ node }) => (node.usb ?? []).map(usbDevice),
  },
];

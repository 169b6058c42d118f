import { withMark, withoutMark } from "../../../dynamic/owner";
import { type Config, text } from "../../guests/config";
import {
  formatProperties,
  isTrue,
  mergeProperties,
  type Property,
  parseProperties,
} from "../../property-string";
import type { VirtualMachineInputs } from "../model";
import { type Area, reordered } from "./area";

const defaultCpu = "kvm64";

/** Inputs that share a property string with what other people may set in it. */
export const stringArea: Area = {
  write(inputs, config, before) {
    const settings: Config = {};
    const merge = (
      key: string,
      defaultKey: string,
      properties: (inputs: VirtualMachineInputs) => Record<string, Property>,
    ) => {
      const wanted = properties(inputs);
      const old = before && properties(before);
      const ours = [wanted, old ?? {}].some((part) =>
        Object.values(part).some((value) => value !== undefined),
      );
      if (!ours) return;
      const current = parseProperties(text(config, key) ?? "", defaultKey);
      const merged = mergeProperties(current, wanted, old);
      settings[key] = formatProperties(merged, defaultKey) || undefined;
    };
    merge("memory", "current", ({ memory }) => ({ current: memory }));
    merge("cpu", "cputype", ({ cpuType, cpuFlags }) => ({
      // PVE takes no flags without a type; this is its own default.
      cputype: cpuType ?? (cpuFlags && defaultCpu),
      flags: cpuFlags?.join(";") || undefined,
    }));
    merge("machine", "type", ({ machine }) => ({ type: machine }));
    merge("vga", "type", ({ display }) => ({ type: display }));
    merge("agent", "enabled", ({ agent }) => ({ enabled: agent }));
    merge("startup", "order", ({ startup }) => ({
      order: startup?.order,
      up: startup?.upDelay,
      down: startup?.downDelay,
    }));
    const list = (key: string, value: string | undefined, old: unknown) => {
      if (value !== undefined || old !== undefined)
        settings[key] = value || undefined;
    };
    const { bootOrder, hotplug, tags } = inputs;
    list(
      "boot",
      bootOrder && `order=${bootOrder.join(";")}`,
      before?.bootOrder,
    );
    list("hotplug", hotplug && (hotplug.join(",") || "0"), before?.hotplug);
    list("tags", tags && [...tags].sort().join(";"), before?.tags);
    return settings;
  },

  read(inputs, config) {
    const part = (key: string, defaultKey: string) =>
      parseProperties(text(config, key) ?? "", defaultKey);
    const cpu = part("cpu", "cputype");
    const startup = part("startup", "order");
    const number = (value: string | undefined) =>
      value === undefined ? undefined : Number(value);
    const { cpuFlags, bootOrder, hotplug, tags } = inputs;
    return {
      memory: Number(part("memory", "current").current ?? 512),
      cpuType: inputs.cpuType && (cpu.cputype ?? defaultCpu),
      cpuFlags: cpuFlags && reordered(split(cpu.flags, ";"), cpuFlags),
      machine: inputs.machine && (part("machine", "type").type ?? "pc"),
      display: inputs.display && (part("vga", "type").type ?? "std"),
      agent: isTrue(part("agent", "enabled").enabled),
      startup: inputs.startup && {
        order: number(startup.order),
        upDelay: number(startup.up),
        downDelay: number(startup.down),
      },
      bootOrder: bootOrder && split(part("boot", "legacy").order, ";"),
      hotplug:
        hotplug && reordered(hotplugOf(text(config, "hotplug")), hotplug),
      tags: tags && reordered(split(text(config, "tags"), /[;, ]/), tags),
    };
  },
};

/** People may write around the mark, unless the inputs say what stands there. */
export function description(
  inputs: VirtualMachineInputs,
  config: Config,
  before: VirtualMachineInputs | undefined,
  vmId: number,
): string {
  const words =
    inputs.description ??
    (before?.description === undefined
      ? withoutMark(text(config, "description"))
      : "");
  return withMark(words, { owner: inputs.owner, id: `${vmId}` });
}

type Hotplug = NonNullable<VirtualMachineInputs["hotplug"]>;

/** "1" and a missing key mean this (qemu-server, parse_hotplug_features). */
const hotplugDefault: Hotplug = ["network", "disk", "usb"];

function hotplugOf(value: string | undefined): Hotplug {
  if (value === undefined || value === "1") return hotplugDefault;
  return value === "0" ? [] : (value.split(/[,; ]/) as Hotplug);
}

function split(value: string | undefined, by: string | RegExp): string[] {
  return value ? value.split(by).filter(Boolean) : [];
}

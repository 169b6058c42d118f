import { type Config, text } from "../../guests/config";
import type { VirtualMachineInputs } from "../model";
import type { Area } from "./area";

/** Inputs that are one key of PVE's each; the form tells how its text is read. */
const scalars = [
  ["name", "name", String],
  ["cores", "cores", Number],
  ["sockets", "sockets", Number],
  ["cpuLimit", "cpulimit", Number],
  ["cpuUnits", "cpuunits", Number],
  ["numa", "numa", isOn],
  ["balloon", "balloon", Number],
  ["memoryShares", "shares", Number],
  ["bios", "bios", String],
  ["osType", "ostype", String],
  ["scsiController", "scsihw", String],
  ["protection", "protection", isOn],
  ["onBoot", "onboot", isOn],
] as const satisfies readonly (readonly [
  keyof VirtualMachineInputs,
  string,
  (text: string) => unknown,
])[];

/** What PVE takes where a key is missing (qemu-server QemuServer.pm, $confdesc). */
export const scalarDefaults: Record<string, string> = {
  cores: "1",
  sockets: "1",
  cpulimit: "0",
  numa: "0",
  bios: "seabios",
  ostype: "other",
  scsihw: "lsi",
  protection: "0",
  onboot: "0",
  // A datum of our own: a guest without a name reads as one with an empty name.
  name: "",
};

export const scalarArea: Area = {
  write(inputs, _config, before) {
    const settings: Config = {};
    for (const [input, key] of scalars) {
      const value = inputs[input];
      if (value !== undefined) {
        settings[key] = typeof value === "boolean" ? Number(value) : value;
      } else if (before?.[input] !== undefined) settings[key] = undefined;
    }
    return settings;
  },
  read(inputs, config) {
    return Object.fromEntries(
      scalars.flatMap(([input, key, form]) => {
        if (inputs[input] === undefined) return [];
        const value = text(config, key) ?? scalarDefaults[key];
        return [[input, value === undefined ? undefined : form(value)]];
      }),
    );
  },
};

function isOn(value: string): boolean {
  return value === "1";
}

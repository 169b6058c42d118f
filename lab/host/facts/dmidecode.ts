import type { Tool } from "../tool";
import type { FactsSpec, SocketSpec } from "./spec";

/** Of the tables only the memory sockets, type 17. */
export const dmidecode: Tool = (call) => {
  const [flag = "", type, ...more] = call.words;
  if (!["-t", "--type"].includes(flag) || more.length > 0) {
    call.stderr.write(
      flag.startsWith("-")
        ? `dmidecode: unrecognized option '${flag}'\n`
        : "dmidecode: only --type is simulated\n",
    );
    return 2;
  }
  if (type !== "17") {
    call.stderr.write(`Invalid type keyword: ${type}\n`);
    return 2;
  }
  const say = (text: string) => call.stdout.write(`${text}\n`);
  say("# dmidecode 3.6");
  if (call.user !== "root") {
    call.stderr.write(
      "/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\nScanning /dev/mem for entry point.\n/dev/mem: Permission denied\n",
    );
    return 1;
  }
  const { memory } = call.world.load<Partial<FactsSpec>>("facts", {});
  if (memory === undefined) {
    say("# No SMBIOS nor DMI entry point found, sorry.");
    return 0;
  }
  say("Getting SMBIOS data from sysfs.\nSMBIOS 3.1.1 present.\n");
  for (const [index, socket] of memory.entries()) {
    const handle = (0x42 + index).toString(16).toUpperCase().padStart(4, "0");
    say(`Handle 0x${handle}, DMI type 17, 40 bytes\nMemory Device`);
    say("\tArray Handle: 0x0041");
    say("\tError Information Handle: Not Provided");
    for (const [key, value] of fields(socket)) say(`\t${key}: ${value}`);
    say("");
  }
  return 0;
};

function fields({
  locator,
  bank,
  module,
}: SocketSpec): [string, string | number][] {
  const place: [string, string][] = [
    ["Form Factor", "DIMM"],
    ["Set", "None"],
    ["Locator", locator],
    ["Bank Locator", bank],
  ];
  if (module === undefined)
    return [
      ["Total Width", "Unknown"],
      ["Data Width", "Unknown"],
      ["Size", "No Module Installed"],
      ...place,
      ["Type", "Unknown"],
      ["Type Detail", "None"],
    ];
  return [
    ["Total Width", module.ecc ? "72 bits" : "64 bits"],
    ["Data Width", "64 bits"],
    ["Size", module.size],
    ...place,
    ["Type", module.type],
    ["Type Detail", module.detail],
    ["Speed", `${module.speed} MT/s`],
    ["Manufacturer", module.manufacturer],
    ["Serial Number", "3A1F0C42"],
    ["Asset Tag", "Not Specified"],
    // Padded, as the module's own table has it.
    ["Part Number", module.partNumber.padEnd(20)],
    ["Rank", 2],
    ["Configured Memory Speed", `${module.configuredSpeed} MT/s`],
    ["Minimum Voltage", "1.2 V"],
    ["Maximum Voltage", "1.2 V"],
    ["Configured Voltage", "1.2 V"],
  ];
}

import type { Call, Tool } from "../tool";
import type { FactsSpec, PciSpec } from "./spec";

const known = "vmnkD";

/** Without the filters: lspci -nn, -k, -D, -v, and -vmm for programs. */
export const lspci: Tool = (call) => {
  const flags = call.words.flatMap((word) =>
    word.startsWith("-") ? [...word.slice(1)] : [word],
  );
  const bad = flags.find((flag) => flag.length > 1 || !known.includes(flag));
  if (bad !== undefined) {
    call.stderr.write(
      `lspci: invalid option -- '${bad}'\nUsage: lspci [<switches>]\n`,
    );
    return 1;
  }
  const count = (flag: string) => flags.filter((item) => item === flag).length;
  const { pci } = call.world.load<Partial<FactsSpec>>("facts", {});
  const options: Options = {
    numbers: count("n"),
    hasKernel: count("k") > 0,
    hasDomain: count("D") > 0,
  };
  const isForPrograms = count("m") > 0;
  if (isForPrograms && (count("m") < 2 || count("v") === 0)) {
    call.stderr.write("lspci: only -vmm is simulated\n");
    return 1;
  }
  for (const device of pci ?? [])
    (isForPrograms ? paragraph : line)(call, device, options);
  return 0;
};

interface Options {
  numbers: number;
  hasKernel: boolean;
  hasDomain: boolean;
}
type Named = PciSpec["device"];

function slot({ address }: PciSpec, { hasDomain }: Options): string {
  return hasDomain ? address : address.replace(/^0000:/, "");
}

function named({ name, id }: Named, numbers: number): string {
  return numbers === 0 ? name : numbers === 1 ? id : `${name} [${id}]`;
}

function paragraph(call: Call, device: PciSpec, options: Options): void {
  const { numbers, hasKernel } = options;
  const say = (key: string, value: string | number | undefined) => {
    if (value !== undefined) call.stdout.write(`${key}:\t${value}\n`);
  };
  const { subsystem } = device;
  say("Slot", slot(device, options));
  say("Class", named(device.class, numbers));
  say("Vendor", named(device.vendor, numbers));
  say("Device", named(device.device, numbers));
  say("SVendor", subsystem && named(subsystem.vendor, numbers));
  say("SDevice", subsystem && named(subsystem.device, numbers));
  say("Rev", device.revision);
  say("ProgIf", "00");
  if (hasKernel) {
    say("Driver", device.driver);
    for (const module of device.modules ?? []) say("Module", module);
  }
  say("IOMMUGroup", device.iommuGroup);
  call.stdout.write("\n");
}

function line(call: Call, device: PciSpec, options: Options): void {
  const { numbers, hasKernel } = options;
  const pair = (vendor: Named, own: Named) => {
    const ids = `${vendor.id}:${own.id}`;
    const names = `${vendor.name} ${own.name}`;
    return numbers === 0 ? names : numbers === 1 ? ids : `${names} [${ids}]`;
  };
  const { subsystem, revision, driver, modules = [] } = device;
  const what = pair(device.vendor, device.device);
  const end = revision ? ` (rev ${revision})` : "";
  const say = (text: string) => call.stdout.write(`${text}\n`);
  say(
    `${slot(device, options)} ${named(device.class, numbers)}: ${what}${end}`,
  );
  if (!hasKernel) return;
  if (subsystem)
    say(`\tSubsystem: ${pair(subsystem.vendor, subsystem.device)}`);
  if (driver) say(`\tKernel driver in use: ${driver}`);
  if (modules.length > 0) say(`\tKernel modules: ${modules.join(", ")}`);
}

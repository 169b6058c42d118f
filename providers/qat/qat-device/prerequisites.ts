import { UserError } from "../../dynamic/failure";
import type { Place } from "./engage";
import type { Look, Seen } from "./look";
import type { QatDeviceInputs } from "./model";

const firmware = ["qat_c62x.bin", "qat_c62x_mmp.bin"];

/** What the stack needs and is not there, all at once. */
export async function requireReady(
  place: Place,
  inputs: QatDeviceInputs,
  seen: Look,
  endpoints: readonly Seen[],
): Promise<void> {
  const { host, stack } = inputs;
  const problems = [
    ...driverProblems(stack, seen),
    ...(await firmwareProblems(place)),
    ...(stack === "passthrough" && !seen.hasIommu
      ? [
          "its IOMMU is off, and virtual functions need it: switch VT-d on in the firmware, and boot with intel_iommu=on",
        ]
      : []),
    ...(stack === "passthrough"
      ? endpoints
          .filter(({ totalVirtualFunctions }) => totalVirtualFunctions === 0)
          .map(
            ({ address }) =>
              `${address} offers no virtual functions: switch SR-IOV on in the firmware`,
          )
      : []),
  ];
  if (problems.length === 0) return;
  throw new UserError(`on host "${host}" ${problems.join("; ")}`);
}

function driverProblems(
  stack: QatDeviceInputs["stack"],
  { driver }: Look,
): string[] {
  if (driver === "none")
    return [
      "the kernel has no module qat_c62x: install the distribution's kernel with all of its modules, or Intel's driver",
    ];
  if (stack === "out-of-tree" && driver === "in-tree")
    return [
      "qat_c62x is the kernel's own driver, which reads no configuration file: install Intel's QAT.L.4.x for hardware 1.x, or take stack \"in-tree\"",
    ];
  if (stack === "in-tree" && driver === "out-of-tree")
    return [
      'qat_c62x is Intel\'s driver out of the tree: remove it ("make uninstall" where it was built), or take stack "out-of-tree"',
    ];
  return [];
}

async function firmwareProblems({ machine, signal }: Place): Promise<string[]> {
  const { stdout } = await machine.run(
    [
      "find",
      "/lib/firmware/",
      "-mindepth",
      "1",
      "-maxdepth",
      "1",
      "-name",
      "qat_c62x*",
      "-printf",
      "%f\\0",
    ],
    { signal, codes: [0, 1], looks: true },
  );
  const there = stdout.split("\0");
  const missing = firmware.filter((name) =>
    ["", ".xz", ".zst"].every((end) => !there.includes(`${name}${end}`)),
  );
  return missing.length === 0
    ? []
    : [
        `/lib/firmware has no ${missing.join(" and no ")}, without which the driver starts nothing: install the distribution's firmware package (on Proxmox VE pve-firmware)`,
      ];
}

/** By which the driver out of the tree finds an endpoint's file. */
export function requireNumbers(
  { host, stack }: QatDeviceInputs,
  endpoints: readonly Seen[],
): void {
  const unknown = endpoints.filter(({ number }) => number === undefined);
  if (stack !== "out-of-tree" || unknown.length === 0) return;
  throw new UserError(
    `on host "${host}" "adf_ctl status" does not know ${unknown.map(({ address }) => address).join(", ")}, so nobody knows which file is theirs. Look at "journalctl -k --grep=c6xx"`,
  );
}

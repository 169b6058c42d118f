import type { Hba } from "./facts";

const sysfs = "/sys/class/scsi_host";
const attributes = [
  "proc_name",
  "unique_id",
  "board_name",
  "version_fw",
  "version_bios",
  "host_sas_address",
];

export interface ScsiHost {
  /** "host6" */
  name: string;
  /** Of the card that it is on. */
  address: string;
}

/** `found` is each link with what it leads to: the card is above the host. */
export function hostsOf(found: ReadonlyMap<string, string>): ScsiHost[] {
  return [...found].flatMap(([path, target]) => {
    const [, name] = /\/scsi_host\/(host\d+)$/.exec(path) ?? [];
    const [, address] =
      /([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])\/(?:[^/]+\/)*host\d+\/scsi_host\//.exec(
        target,
      ) ?? [];
    return name && address ? [{ name, address }] : [];
  });
}

export function hostPaths(hosts: readonly ScsiHost[]): string[] {
  return hosts.flatMap(({ name }) =>
    attributes.map((attribute) => `${sysfs}/${name}/${attribute}`),
  );
}

/** What mpt3sas writes when it starts; it calls SAS2 cards mpt2sas. */
export const driverLines = "^mpt[23]sas_cm[0-9]+: Protocol=";

export function hbasOf(
  hosts: readonly ScsiHost[],
  attribute: (path: string) => string | undefined,
  log: string,
): Hba[] {
  return hosts.flatMap(({ name, address }) => {
    const read = (key: string) => attribute(`${sysfs}/${name}/${key}`)?.trim();
    const driver = read("proc_name") ?? "";
    if (!/^mpt[23]sas$/.test(driver)) return [];
    return [
      {
        address,
        driver,
        board: read("board_name") ?? "",
        firmware: read("version_fw") ?? "",
        bios: read("version_bios"),
        sasAddress: read("host_sas_address"),
        mode: modeOf(`${driver}_cm${read("unique_id")}`, log),
      },
    ];
  });
}

/** The driver names "Raid" only where the firmware has it. */
function modeOf(controller: string, log: string): Hba["mode"] {
  const lines = log
    .split("\n")
    .filter((line) => line.startsWith(`${controller}: Protocol=`));
  const [, capabilities] =
    /Capabilities=\(([^)]*)\)/.exec(lines.at(-1) ?? "") ?? [];
  if (capabilities === undefined) return "unknown";
  return capabilities.split(",").includes("Raid") ? "IR" : "IT";
}

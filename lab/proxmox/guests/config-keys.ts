import {
  asFormat,
  boolean,
  type Check,
  dnsName,
  integer,
  limited,
  matching,
  number,
  oneOf,
  pattern,
  type Schema,
  storageId,
  string,
} from "../parameters";
import { formatted, read } from "../property-strings";
import {
  agentFormat,
  audio,
  cicustom,
  cpu,
  hostpci,
  ipconfig,
  machineFormat,
  memory,
  nameservers,
  network,
  numa,
  rng,
  sev,
  sharedMemory,
  smbiosFormat,
  spice,
  tdx,
  usb,
  vga,
  virtiofs,
  watchdog,
} from "./device-formats";
import {
  allDriveKeys,
  driveFormat,
  isDrive,
  unusedKeys,
  volumeIdCheck,
} from "./drive-formats";

const tag = /^[a-z0-9_][a-z0-9_\-+.]*$/i;
const tags: Check = (value) =>
  value
    .split(/[;, ]+/)
    .filter(Boolean)
    .every((item) => tag.test(item))
    ? undefined
    : "invalid format - invalid characters in tag\n";

const bootDevice = (name: string): boolean =>
  (isDrive(name) && !/^(efidisk|tpmstate)/.test(name)) ||
  (/^(net|usb|hostpci)\d+$/.test(name) && name in configKeys);
export const bootFormat = {
  legacy: { check: pattern(/[acdn]{1,4}/), isDefault: true },
  order: {
    check: (value: string) => {
      const bad = splitList(value).find((name) => !bootDevice(name));
      return bad && `invalid format - invalid boot device '${bad}'\n`;
    },
  },
};

const features = /^(network|disk|cpu|memory|usb|cloudinit)$/;
const hotplug: Check = (value) => {
  const bad = /^[01]$/.test(value)
    ? undefined
    : splitList(value).find((name) => !features.test(name));
  return bad && `invalid format - invalid hotplug feature '${bad}'\n`;
};

const startup: Check = (value) =>
  value
    .split(/[, ]+/)
    .filter(Boolean)
    .every((part) => /^((order=)?\d+|up=\d+|down=\d+)$/.test(part))
    ? undefined
    : "invalid format - unable to parse startup options\n";

const keymaps =
  "da de de-ch en-gb en-us es fi fr fr-be fr-ca fr-ch hu is it ja lt mk nl no pl pt pt-br sl sv tr".split(
    " ",
  );

const single: Record<string, Check> = {
  acpi: boolean,
  affinity: asFormat((value) =>
    /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(value)
      ? undefined
      : "unable to parse cpuset option\n",
  ),
  agent: formatted(agentFormat),
  "allow-ksm": boolean,
  "amd-sev": sev,
  arch: oneOf("x86_64", "aarch64"),
  args: string,
  audio0: audio,
  autostart: boolean,
  balloon: integer(0),
  bios: oneOf("seabios", "ovmf"),
  boot: (value, path) => formatted(bootFormat)(value, path),
  bootdisk: (value, path) =>
    isDrive(value)
      ? pattern(/(ide|sata|scsi|virtio)\d+/)(value, path)
      : `invalid format - invalid boot disk '${value}'\n`,
  cicustom,
  cipassword: string,
  citype: oneOf("configdrive2", "nocloud", "opennebula"),
  ciupgrade: boolean,
  ciuser: string,
  cores: integer(1),
  cpu,
  cpulimit: number(0, 128),
  cpuunits: integer(1, 262_144),
  description: limited(8_192),
  freeze: boolean,
  hookscript: asFormat(volumeIdCheck),
  hotplug,
  hugepages: oneOf("any", "2", "1024"),
  "intel-tdx": tdx,
  ivshmem: sharedMemory,
  keephugepages: boolean,
  keyboard: oneOf(...keymaps),
  kvm: boolean,
  localtime: boolean,
  lock: oneOf(
    ..."backup clone create migrate rollback snapshot snapshot-delete suspending suspended".split(
      " ",
    ),
  ),
  machine: formatted(machineFormat),
  memory,
  migrate_downtime: number(0),
  migrate_speed: integer(0),
  name: (value) => {
    const error = dnsName(value);
    return error?.startsWith("invalid") ? `${error}\n` : error;
  },
  nameserver: nameservers,
  numa: boolean,
  onboot: boolean,
  ostype: oneOf(
    ..."other wxp w2k w2k3 w2k8 wvista win7 win8 win10 win11 l24 l26 solaris".split(
      " ",
    ),
  ),
  protection: boolean,
  reboot: boolean,
  rng0: rng,
  scsihw: oneOf(
    ..."lsi lsi53c810 virtio-scsi-pci virtio-scsi-single megasas pvscsi".split(
      " ",
    ),
  ),
  searchdomain: string,
  shares: integer(0, 50_000),
  smbios1: limited(512, formatted(smbiosFormat)),
  smp: integer(1),
  sockets: integer(1),
  spice_enhancements: spice,
  sshkeys: matching(/^[-%a-zA-Z0-9_.!~*'()]*$/, "urlencoded string"),
  startdate: pattern(/now|\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}:\d{1,2}:\d{1,2})?/),
  startup,
  tablet: boolean,
  tags,
  tdf: boolean,
  template: boolean,
  vcpus: integer(1),
  vga,
  vmgenid: pattern(/[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}|[01]/),
  vmstatestorage: storageId,
  watchdog,
};

function numbered(name: string, count: number, check: Check) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${name}${index}`, check]),
  );
}

/** What a guest's configuration has, as its check. */
export const configKeys: Record<string, Check> = {
  ...single,
  ...numbered("net", 32, network),
  ...numbered("ipconfig", 32, ipconfig),
  ...numbered("numa", 8, numa),
  ...numbered("virtiofs", 10, virtiofs),
  ...numbered("usb", 14, usb),
  ...numbered("hostpci", 16, hostpci),
  ...numbered("serial", 4, pattern(/\/dev\/.+|socket/)),
  ...numbered("parallel", 3, pattern(/\/dev\/parport\d+|\/dev\/usb\/lp\d+/)),
  ...Object.fromEntries(
    [...allDriveKeys, ...unusedKeys].map((key) => [
      key,
      formatted(driveFormat(key)),
    ]),
  ),
};

/** Parameters that a guest's configuration takes, for create and update alike. */
export const configParameters: NonNullable<Schema["optional"]> = {
  ...configKeys,
  cdrom: formatted(driveFormat("ide2")),
};

/** Internal to PVE, yet it may be deleted. */
const internal =
  /^(parent|snaptime|vmstate|runningmachine|runningcpu|running-nets-host-mtu|meta|cdrom)$/;

export const isOption = (key: string): boolean =>
  key in configKeys || internal.test(key);

const numeric = new Set(
  Object.entries(single)
    .filter(([key, check]) => {
      if (check === boolean) return true;
      return /^(balloon|cores|cpuunits|migrate_speed|shares|smp|sockets|vcpus)$/.test(
        key,
      );
    })
    .map(([key]) => key),
);

/** Booleans and integers come back as numbers, everything else as text. */
export function stored(key: string, value: string): string | number {
  return numeric.has(key) ? Number(value) : value;
}

export const isCloudInitKey = (key: string): boolean =>
  /^(ci(type|user|password|upgrade|custom)|searchdomain|nameserver|sshkeys|ipconfig\d+)$/.test(
    key,
  );

/** A "-list" of PVE's: separated by commas, semicolons, blanks. */
export function splitList(text: string): string[] {
  return text.split(/[,;\s\0]+/).filter(Boolean);
}

export function bootOrder(boot: string | number | undefined): string[] {
  if (boot === undefined) return [];
  return splitList(read(bootFormat, String(boot)).order ?? "");
}

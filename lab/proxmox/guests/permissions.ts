import { type Call, may, requirePrivilege } from "../call";
import { die, invalid } from "../failure";
import type { Properties } from "../property-strings";
import { findVolume, imageStorage, storageIdOf, volumeName } from "../volumes";
import type { Config, Guest } from "../world";
import { isCloudInitKey } from "./config-keys";
import {
  customFiles,
  parseHostpci,
  parseNetwork,
  parseRng,
  parseUsb,
  parseVirtiofs,
} from "./device-formats";
import {
  isCdrom,
  isCloudInit,
  isDrive,
  newDisk,
  parseDrive,
} from "./drive-formats";

/** Who may change what of a guest (API2/Qemu.pm): root@pam's ticket everything. */

const words = (text: string) => new Set(text.split(" "));
const privileges: [Set<string>, string][] = [
  [
    words("cores cpu runningcpu cpulimit cpuunits numa smp sockets vcpus"),
    "VM.Config.CPU",
  ],
  [words("memory balloon shares allow-ksm"), "VM.Config.Memory"],
  [
    words(
      "acpi hotplug kvm machine runningmachine scsihw smbios1 tablet vga watchdog audio0 rng0",
    ),
    "VM.Config.HWType",
  ],
  [
    words(
      "agent autostart bios description keyboard localtime migrate_downtime migrate_speed name onboot ostype protection reboot startdate startup tdf template tags",
    ),
    "VM.Config.Options",
  ],
  [words("freeze"), "VM.PowerMgmt"],
  [words("boot bootdisk vmstatestorage"), "VM.Config.Disk"],
];
const byValue = /^(unused|serial|usb|hostpci|virtiofs)\d+$/;

export function checkKeys(call: Call, vmid: number, keys: string[]): void {
  const path = `/vms/${vmid}`;
  if (call.isRoot) return;
  for (const key of keys) {
    if (isDrive(key) || byValue.test(key)) continue;
    if (/^net\d+$/.test(key)) {
      requirePrivilege(call, path, "VM.Config.Network");
    } else if (/^numa\d+$/.test(key)) {
      requirePrivilege(call, path, "VM.Config.CPU");
    } else if (isCloudInitKey(key)) {
      requirePrivilege(call, path, "VM.Config.Cloudinit", "VM.Config.Network");
    } else {
      const privilege = privileges.find(([names]) => names.has(key))?.[1];
      if (privilege === undefined)
        throw die(`only root can set '${key}' config`);
      requirePrivilege(call, path, privilege);
      // The order of starting concerns the host.
      if (key === "startup") requirePrivilege(call, "/", "Sys.Modify");
    }
  }
}

/** USB, PCI, random numbers, shared directories: by the host's device, or by mapping. */
export function checkDevice(
  call: Call,
  vmid: number,
  key: string,
  value: string,
): void {
  if (call.isRoot) return;
  const path = `/vms/${vmid}`;
  if (key.startsWith("usb")) {
    requirePrivilege(call, path, "VM.Config.HWType");
    const { host, mapping } = parseUsb(value);
    if (host !== undefined && !/^spice$/i.test(host))
      throw die(`only root can set '${key}' config for real devices`);
    if (host === undefined) checkMapping(call, "usb", mapping);
  } else if (key.startsWith("hostpci")) {
    const { host, mapping, romfile } = parseHostpci(value);
    if (host !== undefined)
      throw die(`only root can set '${key}' config for non-mapped devices`);
    checkMapping(call, "pci", mapping);
    requirePrivilege(call, path, "VM.Config.HWType");
    if (romfile !== undefined)
      throw invalid(key, "only root@pam can set 'romfile' option");
  } else if (key.startsWith("rng")) {
    requirePrivilege(call, path, "VM.Config.HWType");
    if (parseRng(value).source === "/dev/hwrng")
      requirePrivilege(call, "/mapping/hwrng", "Mapping.Use");
  } else if (key.startsWith("virtiofs")) {
    requirePrivilege(call, path, "VM.Config.Disk");
    checkMapping(call, "dir", parseVirtiofs(value).dirid);
  }
}

function checkMapping(call: Call, kind: string, id: string | undefined): void {
  if (id === undefined) throw die("either 'host' or 'mapping' must be set.");
  requirePrivilege(call, `/mapping/${kind}/${id}`, "Mapping.Use");
}

/** The mappings that a guest uses, for those who clone or start it. */
export function checkMappings(call: Call, config: Config): void {
  for (const [key, value] of Object.entries(config)) {
    const kind = { usb: "usb", hostpci: "pci" }[key.replace(/\d+$/, "")];
    if (kind === undefined) continue;
    const { mapping } =
      kind === "usb" ? parseUsb(String(value)) : parseHostpci(String(value));
    if (mapping !== undefined) checkMapping(call, kind, mapping);
  }
}

export function checkSerial(
  call: Call,
  vmid: number,
  key: string,
  verb: "set" | "modify" | "delete",
  ...values: (string | undefined)[]
): void {
  if (call.isRoot) return;
  if (values.some((value) => value !== undefined && value !== "socket"))
    throw die(`only root can ${verb} '${key}' config for real devices`);
  requirePrivilege(call, `/vms/${vmid}`, "VM.Config.HWType");
}

export function checkDrive(call: Call, vmid: number, drive: Properties): void {
  const path = `/vms/${vmid}`;
  if (isCloudInit(drive)) requirePrivilege(call, path, "VM.Config.Cloudinit");
  requirePrivilege(
    call,
    path,
    isCdrom(drive) ? "VM.Config.CDROM" : "VM.Config.Disk",
  );
}

export function checkBridges(call: Call, config: Config): void {
  if (call.isRoot) return;
  for (const [key, value] of Object.entries(config)) {
    if (!/^net\d+$/.test(key)) continue;
    const { bridge, tag, trunks } = parseNetwork(String(value));
    if (bridge === undefined) continue;
    const path = `/sdn/zones/localnetwork/${bridge}`;
    const tags = [...(tag ? [tag] : []), ...(trunks ? expand(trunks) : [])];
    for (const at of tags.length > 0
      ? tags.map((id) => `${path}/${id}`)
      : [path])
      requirePrivilege(call, at, "SDN.Use");
  }
}

function expand(trunks: string): string[] {
  return trunks.split(";").flatMap((part) => {
    const [from = "", to = from] = part.split("-");
    const length = Math.max(0, Number(to) - Number(from) + 1);
    return Array.from({ length }, (_, index) => `${Number(from) + index}`);
  });
}

/** The storages and volumes that drives and files of cloud-init come from. */
export function checkStorages(
  call: Call,
  vmid: number,
  set: Record<string, string>,
  defaultStorage?: string,
): void {
  for (const [key, value] of Object.entries(set).sort(byName)) {
    const drive = isDrive(key) ? parseDrive(key, value) : undefined;
    if (drive !== undefined)
      checkDriveStorage(call, vmid, key, drive, defaultStorage);
  }
  for (const [key, value] of Object.entries(set)) {
    if (/^unused\d+$/.test(key)) checkVolume(call, vmid, value, "images");
  }
  if (set.vmstatestorage) {
    requirePrivilege(
      call,
      `/storage/${set.vmstatestorage}`,
      "Datastore.AllocateSpace",
    );
  }
  for (const file of set.cicustom ? customFiles(set.cicustom) : [])
    checkVolume(call, vmid, file, "snippets");
}

export const byName = (
  [left]: [string, unknown],
  [right]: [string, unknown],
) => (left < right ? -1 : 1);

function checkDriveStorage(
  call: Call,
  vmid: number,
  key: string,
  drive: Properties,
  defaultStorage?: string,
): void {
  const { file = "", "import-from": source } = drive;
  const fresh = newDisk(file);
  if (file === "none" || /(^|:)cloudinit$/.test(file)) return;
  if (isCdrom(drive) && file === "cdrom") {
    requirePrivilege(call, "/", "Sys.Console");
  } else if (!isCdrom(drive) && fresh !== undefined) {
    const storage = fresh.storage ?? defaultStorage;
    if (storage === undefined)
      throw die("no storage ID specified (and no default storage)");
    requirePrivilege(call, `/storage/${storage}`, "Datastore.AllocateSpace");
    imageStorage(call.node, storage);
  } else {
    checkVolume(call, vmid, file);
    const { content } = file.startsWith("/")
      ? { content: "images" }
      : volumeName(call.node, file);
    if (content !== "images" && content !== "iso")
      throw invalid(key, "content type needs to be 'images' or 'iso'");
  }
  if (source !== undefined) checkSource(call, vmid, key, source);
}

function checkSource(call: Call, vmid: number, key: string, source: string) {
  if (source.startsWith("/")) return checkVolume(call, vmid, source);
  const { content, vmid: owner } = volumeName(call.node, source);
  if (content !== "images" && content !== "import") {
    throw invalid(
      key,
      `${source} has wrong type '${content}' - needs to be 'images' or 'import'`,
    );
  }
  if (owner === undefined) checkVolume(call, vmid, source);
  else requirePrivilege(call, `/vms/${owner}`, "VM.Clone");
}

/** As pve-storage's check_volume_access. */
function checkVolume(
  call: Call,
  vmid: number,
  volid: string,
  type?: string,
): void {
  if (volid.startsWith("/")) {
    if (!call.isRoot)
      throw die("Only root can pass arbitrary filesystem paths.");
    return;
  }
  const { content, vmid: owner } = volumeName(call.node, volid);
  const storage = `/storage/${storageIdOf(volid)}`;
  if (type !== undefined && content !== type)
    throw die(
      `unable to use volume ${volid} - content type needs to be '${type}'`,
    );
  if (call.isRoot || may(call, storage, "Datastore.Allocate")) return;
  if (/^(iso|vztmpl|import)$/.test(content)) {
    requirePrivilege(
      call,
      storage,
      "Datastore.AllocateSpace",
      "Datastore.Audit",
    );
  } else if (owner === undefined) {
    throw die(`missing privileges to access ${volid}`);
  } else if (owner !== vmid) {
    requirePrivilege(call, storage, "Datastore.Audit");
    requirePrivilege(call, `/vms/${owner}`, "VM.Config.Disk");
  }
}

/** A script among the snippets of a storage. */
export function checkHookScript(call: Call, volid: string): void {
  const { content } = volumeName(call.node, volid);
  const why =
    content !== "snippets"
      ? `'${volid}' is not in the snippets directory\n`
      : findVolume(call.node, volid) === undefined
        ? `script '${volid}' does not exist\n`
        : undefined;
  if (why !== undefined) throw invalid("hookscript", why);
}

export function checkSkipLock(call: Call): void {
  if (call.params.skiplock === "1" && !call.isRoot)
    throw invalid("skiplock", "Only root may use this option.");
}

/** Of a guest's drives whose volumes a caller is about to destroy. */
export function checkDestroy(call: Call, guest: Guest, key: string): void {
  requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Config.Disk");
  const value = guest.config[key];
  const drive = value === undefined ? undefined : parseDrive(key, `${value}`);
  if (drive?.file?.includes(":"))
    requirePrivilege(
      call,
      `/storage/${storageIdOf(drive.file)}`,
      "Datastore.AllocateSpace",
    );
}

import { createHash, randomBytes } from "node:crypto";
import { type Call, requirePrivilege } from "./call";
import { die, invalid } from "./failure";
import {
  boolean,
  type Check,
  dnsName,
  integer,
  matching,
  oneOf,
  type Schema,
  string,
} from "./parameters";
import {
  agent,
  disk,
  ipconfig,
  network,
  normalizeNetwork,
  parse,
  print,
} from "./property-strings";
import {
  findVolume,
  newVolumeId,
  printSize,
  release,
  reserve,
  storageOf,
} from "./volumes";
import type { Config, Guest } from "./world";

const gibibyte = 2 ** 30;
export const diskKey =
  /^(scsi([12]?\d|30)|virtio(\d|1[0-5])|sata[0-5]|ide[0-3])$/;
const netKey = /^net([12]?\d|3[01])$/;
const unusedKey = /^unused\d+$/;

const keys: Record<string, Check> = {
  name: dnsName,
  description: string,
  cores: integer(1),
  sockets: integer(1),
  memory: (value) => integer(16)(parse(value, "current").current ?? ""),
  balloon: integer(0),
  cpu: string,
  onboot: boolean,
  protection: boolean,
  agent,
  tags: matching(
    /^[a-zA-Z0-9_][a-zA-Z0-9_\-+.]*([;, ][a-zA-Z0-9_][a-zA-Z0-9_\-+.]*)*$/,
    "tag list",
  ),
  ostype: oneOf(
    "other",
    "wxp",
    "w2k",
    "w2k3",
    "w2k8",
    "wvista",
    "win7",
    "win8",
    "win10",
    "win11",
    "l24",
    "l26",
    "solaris",
  ),
  scsihw: oneOf(
    "lsi",
    "lsi53c810",
    "virtio-scsi-pci",
    "virtio-scsi-single",
    "megasas",
    "pvscsi",
  ),
  bios: oneOf("seabios", "ovmf"),
  machine: string,
  boot: matching(/^(order=[\w;]*|[acdn]{1,4})$/, "boot order"),
  ciuser: string,
  cipassword: string,
  citype: oneOf("configdrive2", "nocloud", "opennebula"),
  ciupgrade: boolean,
  sshkeys: matching(/^[\w%.~!*'()-]*$/, "URL-encoded text"),
  nameserver: string,
  searchdomain: string,
  serial0: matching(/^(socket|\/dev\/.+)$/, "serial device"),
  vga: string,
  startup: matching(
    /^(order=\d+|up=\d+|down=\d+|\d+)(,(order=\d+|up=\d+|down=\d+))*$/,
    "startup order",
  ),
  hotplug: string,
  numa: boolean,
  tablet: boolean,
};

/** Parameters that a guest's configuration takes, for create and update alike. */
export const configSchema: Schema = {
  optional: keys,
  indexed: [
    [diskKey, disk],
    [netKey, network],
    [/^ipconfig([12]?\d|3[01])$/, ipconfig],
  ],
};

/** Applied to a running guest at once; the rest waits for its next start. */
const hotPluggable =
  /^(name|description|tags|onboot|protection|startup|net\d+|scsi\d+|virtio\d+|unused\d+)$/;

export function digestOf({ config, pending }: Guest): string {
  return createHash("sha1")
    .update(JSON.stringify([config, pending]))
    .digest("hex");
}

/** With what waits, as GET .../config shows it. */
export function mergedConfig({ config, pending }: Guest): Config {
  const merged = { ...config };
  for (const [key, value] of Object.entries(pending)) {
    if (value === null) delete merged[key];
    else merged[key] = value;
  }
  if (merged.cipassword !== undefined) merged.cipassword = "**********";
  return merged;
}

export function checkGuest(call: Call): Guest {
  const vmid = Number(call.places[0]);
  const guest = call.world.guest(call.cluster, vmid);
  if (guest === undefined || guest.node !== call.node.name) {
    throw die(
      `Configuration file 'nodes/${call.node.name}/qemu-server/${vmid}.conf' does not exist`,
    );
  }
  return guest;
}

export function checkLock({ config }: Guest): void {
  if (config.lock) throw die(`VM is locked (${config.lock})`);
}

/** Keys that PVE lets no API token set. */
export function checkRootOnly(call: Call): void {
  if (call.isRoot) return;
  const serial = call.params.serial0;
  if (serial?.startsWith("/dev")) {
    throw die("only root can set 'serial0' config for real devices");
  }
}

/** Integers come back as numbers, except memory, which is a property string. */
function stored(key: string, value: string): string | number {
  const isNumber =
    /^(cores|sockets|balloon|onboot|protection|template|numa|tablet|ciupgrade)$/.test(
      key,
    );
  return isNumber ? Number(value) : value;
}

export function newMac(): string {
  const tail = [...randomBytes(3)].map((byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return ["BC", "24", "11", ...tail].join(":").toUpperCase();
}

/** Writes `set` and `unset` as PVE does: volumes are made, NICs get a MAC. */
export function update(
  call: Call,
  guest: Guest,
  set: Record<string, string>,
  unset: string[],
  force: boolean,
): void {
  for (const key of unset) {
    if (key in set)
      throw invalid(
        "delete",
        `cannot use '-${key}' and '-delete ${key}' at the same time`,
      );
    remove(call, guest, key, force);
  }
  for (const [key, value] of Object.entries(set)) {
    assign(
      guest,
      key,
      diskKey.test(key)
        ? diskValue(call, guest, key, value)
        : plainValue(guest, key, value),
    );
  }
  call.world.save("guests", guest);
}

function assign(guest: Guest, key: string, value: string | number): void {
  if (guest.status === "stopped" || hotPluggable.test(key))
    guest.config[key] = value;
  else if (guest.config[key] === value) delete guest.pending[key];
  else guest.pending[key] = value;
}

function plainValue(guest: Guest, key: string, value: string): string | number {
  if (netKey.test(key)) {
    const old = parse(String(guest.config[key] ?? ""), "model");
    const mac = Object.values(old).find((item) =>
      /^([0-9A-F]{2}:){5}/.test(item),
    );
    return normalizeNetwork(value, () => mac ?? newMac());
  }
  if (key === "tags") {
    return [...new Set(value.split(/[;, ]/).map((tag) => tag.toLowerCase()))]
      .sort()
      .join(";");
  }
  return stored(key, value);
}

function diskValue(
  call: Call,
  guest: Guest,
  key: string,
  value: string,
): string {
  const { "import-from": source, ...wanted } = parse(value, "file");
  const file = wanted.file ?? "";
  if (file === "none" || file === "cdrom") return print(wanted, "file");
  const [storageId = "", rest = ""] = file.split(":");
  requirePrivilege(call, `/storage/${storageId}`, "Datastore.AllocateSpace");
  storageOf(call.node, storageId);
  if (rest === "cloudinit") return cloudInitDrive(call, guest, storageId);
  if (!/^\d+(\.\d+)?$/.test(rest)) {
    const known = findVolume(call.node, file);
    if (known === undefined) throw die(`volume '${file}' does not exist`);
    return print({ ...wanted, size: printSize(known.bytes) }, "file");
  }
  const bytes = source ? imageBytes(call, source) : Number(rest) * gibibyte;
  const old = parse(String(guest.config[key] ?? ""), "file").file;
  if (old) retire(guest, old);
  const volid = newVolumeId(call.node, storageId, guest.vmid);
  reserve(call.world, call.faults, call.node, {
    volid,
    storage: storageId,
    content: "images",
    bytes,
    vmid: guest.vmid,
  });
  return print({ ...wanted, file: volid, size: printSize(bytes) }, "file");
}

function cloudInitDrive(call: Call, guest: Guest, storageId: string): string {
  const { type } = storageOf(call.node, storageId);
  const name = `vm-${guest.vmid}-cloudinit`;
  const volid =
    type === "dir" || type === "nfs"
      ? `${storageId}:${guest.vmid}/${name}.qcow2`
      : `${storageId}:${name}`;
  if (!findVolume(call.node, volid)) {
    reserve(call.world, call.faults, call.node, {
      volid,
      storage: storageId,
      content: "images",
      bytes: 4 * 2 ** 20,
      vmid: guest.vmid,
    });
  }
  return `${volid},media=cdrom,size=4M`;
}

/** What `import-from` reads: an image in "import", or another guest's disk. */
function imageBytes(call: Call, source: string): number {
  const volume = findVolume(call.node, source);
  if (volume === undefined) throw die(`volume '${source}' does not exist`);
  if (volume.content !== "import" && volume.content !== "images") {
    throw invalid(
      "import-from",
      `'${source}' has wrong type '${volume.content}' - needs to be 'images' or 'import'`,
    );
  }
  return Math.ceil(volume.bytes / 2 ** 20) * 2 ** 20;
}

function remove(call: Call, guest: Guest, key: string, force: boolean): void {
  const value = guest.config[key];
  if (value === undefined) return;
  const volid = parse(String(value), "file").file ?? "";
  if (diskKey.test(key) || unusedKey.test(key)) {
    requirePrivilege(call, `/vms/${guest.vmid}`, "VM.Config.Disk");
    delete guest.config[key];
    const drive = String(value).includes("media=cdrom");
    if (force || unusedKey.test(key) || drive)
      release(call.world, call.node, volid);
    else retire(guest, volid);
    return;
  }
  if (guest.status === "stopped" || hotPluggable.test(key))
    delete guest.config[key];
  else guest.pending[key] = null;
}

/** A volume that left its slot stays with the guest as unusedN. */
function retire(guest: Guest, volid: string): void {
  for (let index = 0; ; index++) {
    const key = `unused${index}`;
    if (guest.config[key] !== undefined) continue;
    guest.config[key] = volid;
    return;
  }
}

import type { Check } from "./parameters";

export type Properties = Record<string, string>;

export function parse(text: string, defaultKey: string): Properties {
  const result: Properties = {};
  for (const part of text.split(",").filter(Boolean)) {
    const at = part.indexOf("=");
    if (at < 0) result[defaultKey] = part;
    else result[part.slice(0, at)] = part.slice(at + 1);
  }
  return result;
}

/** The default key first and bare, the others by name, as PVE prints them. */
export function print(properties: Properties, defaultKey: string): string {
  const { [defaultKey]: first, ...others } = properties;
  const rest = Object.keys(others)
    .sort()
    .map((key) => `${key}=${others[key]}`);
  return [...(first === undefined ? [] : [first]), ...rest].join(",");
}

/** Refuses keys that a property string does not have (qemu-server's formats). */
function only(defaultKey: string, rules: Record<string, RegExp>): Check {
  return (text) => {
    for (const [key, value] of Object.entries(parse(text, defaultKey))) {
      const rule = rules[key];
      if (rule === undefined) {
        return `invalid format - format error\n${key}: property is not defined in schema and the schema does not allow additional properties`;
      }
      if (!rule.test(value)) {
        return `invalid format - format error\n${key}: value '${value}' does not match`;
      }
    }
    return undefined;
  };
}

const flag = /^(0|1|on|off|yes|no|true|false)$/i;
const anything = /./;
const mac = /^([0-9A-F]{2}:){5}[0-9A-F]{2}$/i;
const models = ["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"];

export const network = only("model", {
  ...Object.fromEntries(models.map((model) => [model, mac])),
  model: new RegExp(`^(${models.join("|")})$`),
  macaddr: mac,
  bridge: anything,
  tag: /^([1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-4])$/,
  trunks: /^\d+(-\d+)?(;\d+(-\d+)?)*$/,
  firewall: flag,
  link_down: flag,
  mtu: /^\d+$/,
  queues: /^\d+$/,
  rate: /^\d+(\.\d+)?$/,
});

export const disk = only("file", {
  file: /^(none|cdrom|[\w.-]+:.+)$/,
  "import-from": anything,
  size: /^\d+(\.\d+)?[KMGT]?$/,
  format: /^(raw|qcow2|vmdk)$/,
  media: /^(disk|cdrom)$/,
  discard: /^(ignore|on)$/,
  ssd: flag,
  iothread: flag,
  backup: flag,
  replicate: flag,
  ro: flag,
  cache: /^(none|writethrough|writeback|unsafe|directsync)$/,
  aio: /^(native|threads|io_uring)$/,
  serial: /^.{1,60}$/,
});

const prefix = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

export const ipconfig: Check = (text) => {
  const error = only("ip", {
    ip: new RegExp(`${prefix.source}|^dhcp$`),
    gw: /^\d{1,3}(\.\d{1,3}){3}$/,
    ip6: anything,
    gw6: anything,
  })(text);
  const { ip, gw } = parse(text, "ip");
  return (
    error ??
    (gw && !ip
      ? "invalid format - format error\ngw: missing 'ip', required by 'gw'"
      : undefined)
  );
};

export const agent = only("enabled", {
  enabled: flag,
  fstrim_cloned_disks: flag,
  type: /^(virtio|isa)$/,
  "freeze-fs-on-backup": flag,
});

/** A NIC as the config keeps it: the model carries the MAC, which PVE makes up. */
export function normalizeNetwork(text: string, newMac: () => string): string {
  const { model: named, macaddr, ...rest } = parse(text, "model");
  const model = named ?? models.find((name) => name in rest) ?? "virtio";
  const address = (rest[model] ?? macaddr ?? newMac()).toUpperCase();
  delete rest[model];
  return `${model}=${address},${print(rest, "model")}`;
}

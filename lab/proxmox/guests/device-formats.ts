import {
  asFormat,
  type Check,
  integer,
  limited,
  matching,
  number,
  oneOf,
  pattern,
} from "../parameters";
import {
  aliasOf,
  type Format,
  first,
  flag,
  formatted,
  needed,
  of,
  type Properties,
  parse,
  print,
  read,
} from "../property-strings";
import { cpuFlags, cpuModels } from "./cpu-models";
import { volumeIdCheck } from "./drive-formats";

export const configId = asFormat((value) =>
  /^[a-z][a-z0-9_-]+$/i.test(value)
    ? undefined
    : `invalid configuration ID '${value}'\n`,
);
const bridge = matching(/^[-_.\w\d]+$/, "bridge ID");
export const mac = asFormat((value) =>
  /^[a-f0-9][02468ace](:[a-f0-9]{2}){5}$/i.test(value)
    ? undefined
    : "value does not look like a valid unicast MAC address\n",
);

const models =
  "e1000 e1000-82540em e1000-82544gc e1000-82545em e1000e i82551 i82557b i82559er ne2k_isa ne2k_pci pcnet rtl8139 virtio vmxnet3".split(
    " ",
  );
const range = /\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*/;

const networkFormat: Format = {
  ...Object.fromEntries(
    models.map((model) => [model, aliasOf("macaddr", "model")]),
  ),
  model: first(needed(of(oneOf(...models)))),
  macaddr: of(mac),
  bridge: of(bridge),
  queues: of(integer(0, 64)),
  rate: of(number(0)),
  tag: of(integer(1, 4094)),
  trunks: of(pattern(range)),
  firewall: flag,
  link_down: flag,
  mtu: of(integer(1, 65520)),
};

export const network = formatted(networkFormat);
export const parseNetwork = (text: string): Properties =>
  read(networkFormat, text);

/** The model carries the MAC address. */
export function printNetwork(properties: Properties): string {
  const { model = "", macaddr = "", ...rest } = properties;
  const others = print(rest, "");
  return `${model}=${macaddr}${others ? `,${others}` : ""}`;
}

const octet = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const ipv4 = new RegExp(`^${octet}(\\.${octet}){3}$`);
const isIpv6 = (text: string) =>
  /^[0-9a-f:.]+$/i.test(text) &&
  text.includes(":") &&
  URL.canParse(`http://[${text}]/`);
export const address4: Check = asFormat((value) =>
  ipv4.test(value)
    ? undefined
    : "value does not look like a valid ipv4 address\n",
);
const address6: Check = asFormat((value) =>
  isIpv6(value) ? undefined : "value does not look like a valid ipv6 address\n",
);
const within = (text: string | undefined, from: number, to: number) =>
  /^\d+$/.test(text ?? "") && Number(text) >= from && Number(text) <= to;
const config4: Check = asFormat((value) => {
  const [address = "", length, ...more] = value.split("/");
  const isNetwork =
    ipv4.test(address) && within(length, 8, 32) && more.length === 0;
  return value === "dhcp" || isNetwork
    ? undefined
    : "value does not look like a valid ipv4 network configuration\n";
});
const config6: Check = asFormat((value) => {
  const [address = "", length, ...more] = value.split("/");
  const isNetwork =
    isIpv6(address) && within(length, 8, 128) && more.length === 0;
  return /^(dhcp|auto)$/.test(value) || isNetwork
    ? undefined
    : "value does not look like a valid ipv6 network configuration\n";
});
export const nameservers = asFormat((value) => {
  const bad = value
    .split(/[,; \0]+/)
    .filter(Boolean)
    .find(
      (item) =>
        !ipv4.test(item) && !isIpv6(item) && !/^[a-z0-9.-]+$/i.test(item),
    );
  return bad === undefined
    ? undefined
    : "value does not look like a valid address: ";
});

export const ipconfig = formatted({
  ip: of(config4),
  gw: { ...of(address4), requires: "ip" },
  ip6: of(config6),
  gw6: { ...of(address6), requires: "ip6" },
});

const pciFunction = "(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\\.[a-f0-9])?";
const hexId = of(pattern(/0x[0-9a-fA-F]{4}/));
const hostpciFormat: Format = {
  host: first(of(pattern(new RegExp(`${pciFunction}(;${pciFunction})*`)))),
  mapping: of(configId),
  rombar: flag,
  romfile: of(pattern(/[^,;]+/)),
  pcie: flag,
  "x-vga": flag,
  "legacy-igd": flag,
  mdev: of(pattern(/[^/.:]+/)),
  "vendor-id": hexId,
  "device-id": hexId,
  "sub-vendor-id": hexId,
  "sub-device-id": hexId,
};
const usbFormat: Format = {
  host: first(
    of(
      pattern(
        /(?:(0x)?[0-9A-Fa-f]{4}:(0x)?[0-9A-Fa-f]{4})|(?:\d+-\d+(\.\d+)*)|[Ss][Pp][Ii][Cc][Ee]/,
      ),
    ),
  ),
  mapping: of(configId),
  usb3: flag,
};
const rngFormat: Format = {
  source: first(needed(of(oneOf("/dev/urandom", "/dev/random", "/dev/hwrng")))),
  max_bytes: of(integer()),
  period: of(integer()),
};
const virtiofsFormat: Format = {
  dirid: first(needed(of(configId))),
  cache: of(oneOf("auto", "always", "metadata", "never")),
  "direct-io": flag,
  "expose-acl": flag,
  "expose-xattr": flag,
};
export const parseHostpci = (text: string) => read(hostpciFormat, text);
export const parseUsb = (text: string) => read(usbFormat, text);
export const parseRng = (text: string) => read(rngFormat, text);
export const parseVirtiofs = (text: string) => read(virtiofsFormat, text);
export const hostpci = formatted(hostpciFormat);
export const usb = formatted(usbFormat);
export const rng = formatted(rngFormat);
export const virtiofs = formatted(virtiofsFormat);

export const numa = formatted({
  cpus: needed(of(pattern(range))),
  memory: of(number()),
  hostnodes: of(pattern(range)),
  policy: of(oneOf("preferred", "bind", "interleave")),
});

const memoryFormat: Format = { current: first(needed(of(integer(16)))) };
export const memory = formatted(memoryFormat);
export const megabytes = (value: string | number | undefined): number =>
  Number(parse(String(value ?? "512"), "current").current);

export const agentFormat: Format = {
  enabled: first(needed(flag)),
  fstrim_cloned_disks: flag,
  "freeze-fs-on-backup": flag,
  "freeze-fs": flag,
  type: of(oneOf("virtio", "isa")),
};

const someFlags = new RegExp(
  `^[+-](${cpuFlags.join("|")})(;[+-](${cpuFlags.join("|")}))*$`,
);
export const cpuFormat: Format = {
  cputype: first(of(() => undefined)),
  "reported-model": of(() => undefined),
  hidden: flag,
  "hv-vendor-id": of(pattern(/[a-zA-Z0-9]{1,12}/)),
  flags: of(pattern(/[+-][\w.-]+(;[+-][\w.-]+)*/)),
  "guest-phys-bits": of(integer(32, 64)),
  "phys-bits": of(
    asFormat((value) =>
      value === "host" || within(value, 8, 64)
        ? undefined
        : "value must be an integer between 8 and 64 or 'host'\n",
    ),
  ),
};
export const cpu = formatted(cpuFormat, ({ cputype, flags, ...rest }) => {
  if (!cputype) return "CPU is missing cputype\n";
  if (cputype.startsWith("custom-"))
    return `Custom cputype '${cputype.slice(7)}' not found\n`;
  if (!cpuModels.has(cputype)) {
    return `Built-in cputype '${cputype}' is not defined (missing 'custom-' prefix?)\n`;
  }
  if (flags !== undefined && !someFlags.test(flags))
    return `VM-specific CPU flags must be a subset of: ${cpuFlags.join(", ")}\n`;
  return rest["reported-model"] === undefined
    ? undefined
    : "Property 'reported-model' not allowed in VM-specific CPU config.\n";
});

export const machineFormat: Format = {
  type: first(
    of(
      limited(
        40,
        pattern(
          /pc|pc(-i440fx)?-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|q35|pc-q35-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|virt(?:-\d+(\.\d+)+)?(\+pve\d+)?/,
        ),
      ),
    ),
  ),
  viommu: of(oneOf("intel", "virtio")),
  "aw-bits": of(number(32, 64)),
  "enable-s3": flag,
  "enable-s4": flag,
};

export const vga = formatted({
  type: first(
    of(
      oneOf(
        ..."cirrus qxl qxl2 qxl3 qxl4 none serial0 serial1 serial2 serial3 std virtio virtio-gl vmware".split(
          " ",
        ),
      ),
    ),
  ),
  memory: of(integer(4, 512)),
  clipboard: of(oneOf("vnc")),
});

const base64 = of(pattern(/[A-Za-z0-9+/]+={0,2}/));
export const smbiosFormat: Format = {
  uuid: of(pattern(/[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}/)),
  version: base64,
  serial: base64,
  manufacturer: base64,
  product: base64,
  sku: base64,
  family: base64,
  base64: flag,
};

export const watchdog = formatted({
  model: first(of(oneOf("i6300esb", "ib700"))),
  action: of(oneOf("reset", "shutdown", "poweroff", "pause", "debug", "none")),
});
export const audio = formatted({
  device: needed(of(oneOf("ich9-intel-hda", "intel-hda", "AC97"))),
  driver: of(oneOf("spice", "none")),
});
export const sharedMemory = formatted({
  size: needed(of(integer(1))),
  name: of(pattern(/[a-zA-Z0-9-]+/)),
});
export const spice = formatted({
  foldersharing: flag,
  videostreaming: of(oneOf("off", "all", "filter")),
});
export const sev = formatted({
  type: first(needed(of(oneOf("std", "es", "snp")))),
  "no-debug": flag,
  "no-key-sharing": flag,
  "allow-smt": flag,
  "kernel-hashes": flag,
});
export const tdx = formatted({
  type: first(needed(of(oneOf("tdx")))),
  attestation: flag,
  "vsock-cid": of(integer(2)),
  "vsock-port": of(integer(0)),
});

const snippet = of(asFormat(volumeIdCheck));
const cicustomFormat: Format = {
  meta: snippet,
  network: snippet,
  user: snippet,
  vendor: snippet,
};
export const cicustom = formatted(cicustomFormat);
export const customFiles = (text: string): string[] =>
  Object.values(read(cicustomFormat, text)).sort();

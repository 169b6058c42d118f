import type { Impact } from "../../providers/dynamic/kind";
import { machine } from "./provider";

type Values = Record<string, unknown>;

export interface Row {
  /** Another value, and what the device says then. */
  to: unknown;
  device: Values | ((config: Values) => void);
  /** What somebody sets behind our back; a word: why there is nothing. */
  drift: [key: string, value: string] | string;
  /** In how many places it is looked at, what a change does. */
  impact: Impact;
  /** Beside it, for the change to be allowed. */
  beside?: Values;
}

const disk = (changes: Values = {}) => ({
  storage: "fast",
  size: 8,
  onDestroy: "destroy",
  ...changes,
});

/** Every input that does not need another one to be left out. */
export const full = machine({
  host: "left",
  node: "left",
  cluster: "pair",
  description: "words",
  source: { template: "base" },
  sockets: 1,
  cpuType: "host",
  cpuFlags: ["+aes"],
  cpuLimit: 2,
  cpuUnits: 200,
  numa: true,
  numaNodes: { numa0: { cpus: "0-1", memory: 2048 } },
  balloon: 1024,
  memoryShares: 500,
  bios: "ovmf",
  machine: "q35",
  osType: "l26",
  scsiController: "virtio-scsi-single",
  display: "std",
  bootOrder: ["scsi0"],
  hotplug: ["network", "disk"],
  efiDisk: { storage: "fast", preEnrolledKeys: true },
  tpm: { storage: "fast", version: "v2.0" },
  disks: {
    scsi0: disk({ discard: true, ssd: true, ioThread: true, cache: "none" }),
    scsi1: disk({ size: 2, importFrom: "local:import/placed.raw" }),
  },
  nics: { net0: { bridge: "vmbr0", tag: 30, mtu: 1400, firewall: true } },
  pciDevices: { hostpci0: { mapping: "one", pcie: true } },
  usbDevices: { usb0: { mapping: "one" } },
  serialPorts: { serial0: "socket" },
  cloudInit: {
    storage: "fast",
    type: "nocloud",
    user: "ops",
    password: "correct horse",
    sshKeys: ["ssh-ed25519 AAAA a@b"],
    nameservers: ["10.0.0.1"],
    searchDomain: "lan",
    upgrade: false,
    addresses: { net0: { ipv4: "10.10.30.5/24", gateway: "10.10.30.1" } },
    vendorData: "local:snippets/one.yaml",
  },
  startup: { order: 2, upDelay: 30, downDelay: 60 },
  tags: ["b", "a"],
  pool: "one",
  protection: false,
  onBoot: true,
  agent: false,
  power: "running",
  reboot: "ifPending",
});

const has = (text: string) => expect.stringContaining(text);
const ours = "an input of ours alone";

export const rows: Record<string, Row> = {
  owner: {
    to: "site/VirtualMachine/other",
    device: { description: has("owner=site/VirtualMachine/other") },
    drift: ["description", "no mark"],
    impact: "none",
  },
  host: { to: "right", device: {}, drift: ours, impact: "data" },
  node: {
    to: "right",
    device: { name: "web" },
    drift: "see placement.test.ts: a guest that somebody moved",
    impact: "reload",
  },
  cluster: { to: "pair2", device: {}, drift: ours, impact: "none" },
  name: {
    to: "renamed",
    device: { name: "renamed" },
    drift: ["name", "other"],
    impact: "none",
  },
  description: {
    to: "other words",
    device: { description: has("other words") },
    drift: [
      "description",
      "overwritten <!-- hybrid-site owner=site/VirtualMachine/web id=ID -->",
    ],
    impact: "none",
  },
  vmId: { to: 1500, device: {}, drift: "the guest's own", impact: "data" },
  source: {
    to: { template: "other" },
    device: {},
    drift: "of its making",
    impact: "data",
  },
  cores: {
    to: 4,
    device: { cores: 4 },
    drift: ["cores", "7"],
    impact: "restart",
  },
  sockets: {
    to: 2,
    device: { sockets: 2 },
    drift: ["sockets", "2"],
    impact: "restart",
  },
  cpuType: {
    to: "x86-64-v3",
    device: { cpu: has("x86-64-v3") },
    drift: ["cpu", "kvm64,flags=+aes"],
    impact: "restart",
  },
  cpuFlags: {
    to: ["+aes", "-pcid"],
    device: { cpu: has("-pcid") },
    drift: ["cpu", "host"],
    impact: "restart",
  },
  cpuLimit: {
    to: 1,
    device: { cpulimit: has("1") },
    drift: ["cpulimit", "3"],
    impact: "none",
  },
  cpuUnits: {
    to: 300,
    device: { cpuunits: 300 },
    drift: ["cpuunits", "50"],
    impact: "none",
  },
  numa: {
    to: false,
    beside: { numaNodes: undefined },
    device: { numa: 0 },
    drift: ["numa", "0"],
    impact: "restart",
  },
  numaNodes: {
    to: {
      numa0: { cpus: "0-1", memory: 2048, hostNodes: "0", policy: "bind" },
    },
    device: { numa0: has("policy=bind") },
    drift: ["numa0", "cpus=0,memory=2048"],
    impact: "restart",
  },
  memory: {
    to: 4096,
    device: { memory: "4096" },
    drift: ["memory", "1536"],
    impact: "restart",
  },
  balloon: {
    to: 512,
    device: { balloon: 512 },
    drift: ["balloon", "0"],
    impact: "none",
  },
  memoryShares: {
    to: 800,
    device: { shares: 800 },
    drift: ["shares", "1"],
    impact: "none",
  },
  bios: {
    to: "seabios",
    beside: { efiDisk: undefined },
    device: { bios: "seabios" },
    drift: ["bios", "seabios"],
    impact: "restart",
  },
  machine: {
    to: "pc-q35-9.0",
    device: { machine: "pc-q35-9.0" },
    drift: ["machine", "pc-q35-8.0"],
    impact: "restart",
  },
  osType: {
    to: "win11",
    device: { ostype: "win11" },
    drift: ["ostype", "other"],
    impact: "restart",
  },
  scsiController: {
    to: "virtio-scsi-pci",
    device: { scsihw: "virtio-scsi-pci" },
    drift: ["scsihw", "lsi"],
    impact: "restart",
  },
  display: {
    to: "virtio",
    device: { vga: has("virtio") },
    drift: ["vga", "qxl"],
    impact: "restart",
  },
  bootOrder: {
    to: ["scsi0", "net0"],
    device: { boot: "order=scsi0;net0" },
    drift: ["boot", "order=net0"],
    impact: "restart",
  },
  hotplug: {
    to: ["network"],
    device: { hotplug: "network" },
    drift: ["hotplug", "0"],
    impact: "restart",
  },
  efiDisk: {
    to: { storage: "slow", preEnrolledKeys: true },
    device: { efidisk0: has("slow:") },
    drift: "its slot cannot be changed by a word; see the disks",
    impact: "restart",
  },
  tpm: {
    to: { storage: "slow", version: "v2.0" },
    device: { tpmstate0: has("slow:") },
    beside: { power: "stopped" },
    drift: "its slot cannot be changed by a word; see the disks",
    impact: "restart",
  },
  disks: {
    to: {
      scsi0: disk({
        size: 12,
        discard: true,
        ssd: true,
        ioThread: true,
        cache: "none",
      }),
      scsi1: disk({ size: 2, storage: "slow", format: "qcow2" }),
      virtio2: disk({
        size: 3,
        onDestroy: "destroy",
        asyncIo: "native",
        backup: false,
        replicate: false,
        serial: "data-1",
        limits: {
          read: 10,
          write: 20,
          readOperations: 100,
          writeOperations: 200,
        },
      }),
    },
    device: (config) => {
      expect(config.scsi0).toMatch(
        /cache=none,discard=on,iothread=1,size=12G,ssd=1/,
      );
      expect(config.scsi1).toMatch(/^slow:.*\.qcow2,/);
      for (const part of [
        "aio=native",
        "backup=0",
        "replicate=0",
        "serial=data-1",
        "size=3G",
      ])
        expect(config.virtio2).toContain(part);
      for (const part of [
        "mbps_rd=10",
        "mbps_wr=20",
        "iops_rd=100",
        "iops_wr=200",
      ])
        expect(config.virtio2).toContain(part);
    },
    drift: "see below: each of a disk's options",
    impact: "data",
  },
  nics: {
    to: {
      net0: {
        bridge: "vmbr0",
        trunks: [30, 40],
        mtu: 1,
        firewall: false,
        queues: 2,
        rateLimit: 5,
        connected: false,
      },
      net1: {
        bridge: "vmbr0",
        tag: 50,
        mac: "BC:24:11:00:00:01",
        model: "e1000",
      },
    },
    device: (config) => {
      for (const part of [
        "trunks=30;40",
        "mtu=1",
        "queues=2",
        "rate=5",
        "link_down=1",
      ])
        expect(config.net0).toContain(part);
      expect(config.net0).not.toContain("tag=");
      expect(config.net1).toContain("e1000=BC:24:11:00:00:01");
    },
    drift: ["net0", "virtio=BC:24:11:00:00:09,bridge=vmbr0,tag=99"],
    impact: "reload",
  },
  pciDevices: {
    to: {
      hostpci0: { mapping: "two", pcie: true, romBar: false, primaryGpu: true },
    },
    device: (config) => {
      for (const part of ["mapping=two", "rombar=0", "x-vga=1"])
        expect(config.hostpci0).toContain(part);
    },
    drift: ["hostpci0", "mapping=two,pcie=1"],
    impact: "restart",
  },
  usbDevices: {
    to: { usb0: { mapping: "two", usb3: true }, usb1: { spice: true } },
    device: { usb0: has("mapping=two"), usb1: has("spice") },
    drift: ["usb0", "mapping=two"],
    impact: "restart",
  },
  serialPorts: {
    to: { serial0: "socket", serial1: "socket" },
    device: { serial1: "socket" },
    drift: ["serial2", "socket"],
    impact: "restart",
  },
  cloudInit: {
    to: {
      storage: "slow",
      type: "configdrive2",
      user: "root",
      password: "battery staple",
      sshKeys: ["ssh-ed25519 BBBB c@d"],
      nameservers: ["10.0.0.2", "10.0.0.3"],
      searchDomain: "example",
      upgrade: true,
      addresses: {
        net0: { ipv4: "dhcp", ipv6: "2001:db8::5/64", gateway6: "2001:db8::1" },
      },
      userData: "local:snippets/one.yaml",
      networkData: "local:snippets/one.yaml",
      metaData: "local:snippets/two.yaml",
      vendorData: "local:snippets/two.yaml",
    },
    device: (config) => {
      expect(config).toMatchObject({
        ide2: has("slow:"),
        citype: "configdrive2",
        ciuser: "root",
        sshkeys: has("BBBB"),
        nameserver: "10.0.0.2 10.0.0.3",
        searchdomain: "example",
        ciupgrade: 1,
        ipconfig0: has("ip6=2001:db8::5/64"),
      });
      for (const part of [
        "vendor=local:snippets/two",
        "user=local:snippets/one",
        "network=local:",
        "meta=local:",
      ])
        expect(config.cicustom).toContain(part);
    },
    drift: ["ciuser", "root"],
    impact: "restart",
  },
  startup: {
    to: { order: 3 },
    device: { startup: has("3") },
    drift: ["startup", "order=9"],
    impact: "none",
  },
  tags: {
    to: ["c"],
    device: { tags: "c" },
    drift: ["tags", "z"],
    impact: "none",
  },
  pool: { to: "two", device: {}, drift: "see below: a pool", impact: "none" },
  ha: {
    to: { maxRestart: 3 },
    device: {},
    drift: "see below: HA",
    impact: "none",
  },
  protection: {
    to: true,
    device: { protection: 1 },
    drift: ["protection", "1"],
    impact: "none",
  },
  onBoot: {
    to: false,
    device: { onboot: 0 },
    drift: ["onboot", "0"],
    impact: "none",
  },
  agent: {
    to: true,
    device: { agent: "1" },
    drift: ["agent", "1"],
    impact: "restart",
  },
  power: {
    to: "stopped",
    device: {},
    drift: "see virtual-machine.test.ts: a guest that somebody stopped",
    impact: "outage",
  },
  reboot: { to: "always", device: {}, drift: ours, impact: "none" },
  adopt: { to: true, device: {}, drift: ours, impact: "none" },
  timeouts: {
    to: { update: 60, shutdown: 30, agent: 1 },
    device: {},
    drift: ours,
    impact: "none",
  },
};

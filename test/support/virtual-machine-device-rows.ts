import { disk, has, type Row } from "./virtual-machine-row";

/** Of the inputs that give the guest a drive or another device. */
export const deviceRows: Record<string, Row> = {
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
};

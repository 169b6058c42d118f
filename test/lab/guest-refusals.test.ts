import { Api } from "../support/api";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let api: Api;
beforeAll(async () => {
  lab = await testLab();
  api = new Api(lab);
  await api.run("POST", "/nodes/pve/qemu", {
    vmid: 100,
    scsi0: "fast:1",
    net0: "virtio,bridge=vmbr0",
    tpmstate0: "fast:1,version=v2.0",
  });
  await api.run("POST", "/nodes/pve/qemu", { vmid: 101 });
});
afterAll(() => lab.stop());

/** Values that no key takes: [key, value, PVE's words]. */
const values: [string, string, string][] = [
  ["acpi", "yes", "type check ('boolean') failed - got 'yes'"],
  ["affinity", "a", "unable to parse cpuset option"],
  ["agent", "maybe", "agent.enabled: type check ('boolean') failed"],
  ["agent", "fstrim_cloned_disks=1", "agent.enabled: property is missing"],
  ["amd-sev", "snq", "amd-sev.type: value 'snq' does not have a value"],
  ["audio0", "driver=none", "audio0.device: property is missing"],
  ["balloon", "-1", "value must have a minimum value of 0"],
  ["bios", "uefi", "does not have a value in the enumeration"],
  ["boot", "order=floppy0", "invalid boot device 'floppy0'"],
  ["boot", "x", "boot.legacy: value does not match the regex pattern"],
  ["cicustom", "user=nothing", "unable to parse volume ID 'nothing'"],
  ["citype", "ec2", "does not have a value in the enumeration"],
  ["cores", "0", "value must have a minimum value of 1"],
  ["cpu", "riscv", "Built-in cputype 'riscv' is not defined"],
  ["cpu", "host,flags=+vmx", "VM-specific CPU flags must be a subset of"],
  ["cpulimit", "129", "value must have a maximum value of 128"],
  ["cpuunits", "0", "value must have a minimum value of 1"],
  ["description", "a".repeat(8_193), "may only be 8192 characters long"],
  ["efidisk0", "fast:1,efitype=8m", "efidisk0.efitype: value '8m'"],
  ["hostpci0", "gpu", "hostpci0.host: value does not match the regex"],
  ["hostpci0", "mapping=gpu,colour=1", "invalid key in comma-separated list"],
  ["hotplug", "network,fan", "invalid hotplug feature 'fan'"],
  ["hugepages", "4", "does not have a value in the enumeration"],
  ["ide2", "local:iso/x.iso,media=tape", "ide2.media: value 'tape'"],
  ["ipconfig0", "ip=10.0.0.5", "valid ipv4 network configuration"],
  ["ipconfig0", "ip6=fe80::1", "valid ipv6 network configuration"],
  ["ipconfig0", "gw6=fe80::1", "ipconfig0.ip6: missing property"],
  ["ivshmem", "name=x", "ivshmem.size: property is missing"],
  ["keyboard", "klingon", "does not have a value in the enumeration"],
  ["machine", "toaster", "machine.type: value does not match the regex"],
  ["memory", "8", "memory.current: value must have a minimum value of 16"],
  ["name", "a_b", "value does not look like a valid DNS name"],
  ["nameserver", "10.0.0.1,!", "does not look like a valid address"],
  ["net0", "bridge=vmbr0", "net0.model: property is missing"],
  ["net0", "virtio,virtio", "duplicate key in comma-separated list"],
  ["net0", "virtio=01:00:00:00:00:00", "valid unicast MAC address"],
  ["net0", "virtio,mtu=70000", "net0.mtu: value must have a maximum"],
  ["net0", "virtio,trunks=a", "net0.trunks: value does not match"],
  ["numa0", "memory=5", "numa0.cpus: property is missing"],
  ["ostype", "beos", "does not have a value in the enumeration"],
  ["rng0", "source=/dev/null", "rng0.source: value '/dev/null'"],
  ["sata0", "fast:1,iothread=1", "invalid key in comma-separated list"],
  ["scsi0", "fast:1,size=big", "scsi0.size: invalid format"],
  ["scsi0", "nothing", "unable to parse volume ID 'nothing'"],
  ["scsi0", "fast:1,queues=1", "scsi0.queues: value must have a minimum"],
  ["scsihw", "nvme", "does not have a value in the enumeration"],
  ["serial0", "tty", "value does not match the regex pattern"],
  ["shares", "50001", "value must have a maximum value of 50000"],
  ["smbios1", "uuid=1", "smbios1.uuid: value does not match"],
  ["spice_enhancements", "videostreaming=on", "value 'on' does not have"],
  ["sshkeys", "a b", "value does not look like a valid urlencoded string"],
  ["startdate", "tomorrow", "value does not match the regex pattern"],
  ["startup", "first", "unable to parse startup options"],
  ["tags", "a!", "invalid characters in tag"],
  ["tpmstate0", "fast:1,version=v3", "tpmstate0.version: value 'v3'"],
  ["usb0", "stick", "usb0.host: value does not match the regex"],
  ["vcpus", "0", "value must have a minimum value of 1"],
  ["vga", "std,memory=1", "vga.memory: value must have a minimum"],
  ["virtiofs0", "cache=auto", "virtiofs0.dirid: property is missing"],
  ["vmgenid", "x", "value does not match the regex pattern"],
  ["watchdog", "dog", "watchdog.model: value 'dog' does not have"],
];

test.each(values)("%s=%s is refused", async (key, value, why) => {
  const answer = await api.send("PUT", "/nodes/pve/qemu/100/config", {
    [key]: value,
  });
  expect(answer).toMatchObject({
    status: 400,
    reason: "Parameter verification failed.",
    errors: { [key]: expect.stringContaining(why) },
  });
});

test.each([
  "net32",
  "ipconfig32",
  "scsi31",
  "virtio16",
  "sata6",
  "ide4",
  "hostpci16",
  "usb14",
  "serial4",
  "parallel3",
  "numa8",
  "virtiofs10",
  "unused256",
  "efidisk1",
  "tpmstate1",
  "rng1",
  "audio1",
])("%s is not in the schema", async (key) => {
  const answer = await api.send("PUT", "/nodes/pve/qemu/100/config", {
    [key]: "x",
  });
  expect(answer.errors[key]).toContain("property is not defined in schema");
});

/** What a token may not: [parameters, PVE's words]. */
const rootOnly: [Record<string, string>, string][] = [
  [{ args: "-S" }, "only root can set 'args' config"],
  [{ lock: "backup" }, "only root can set 'lock' config"],
  [{ affinity: "0" }, "only root can set 'affinity' config"],
  [{ hugepages: "2" }, "only root can set 'hugepages' config"],
  [{ parallel0: "/dev/parport0" }, "only root can set 'parallel0' config"],
  [
    { serial0: "/dev/ttyS0" },
    "only root can modify 'serial0' config for real devices",
  ],
  [
    { usb0: "host=1234:5678" },
    "only root can set 'usb0' config for real devices",
  ],
  [
    { hostpci0: "0000:01:00.0" },
    "only root can set 'hostpci0' config for non-mapped devices",
  ],
  [{ hostpci0: "pcie=1" }, "either 'host' or 'mapping' must be set."],
  [{ scsi1: "/dev/sdb" }, "Only root can pass arbitrary filesystem paths."],
];

test.each(rootOnly)("a token may not set %j", async (params, why) => {
  const answer = await api.send("PUT", "/nodes/pve/qemu/100/config", params);
  expect(answer).toMatchObject({
    status: 500,
    reason: expect.stringContaining(why),
  });
});

test("root@pam may set what a token may not", async () => {
  const root = await api.asRoot();
  const params = { args: "-S", serial0: "/dev/ttyS0", hostpci0: "01:00.0" };
  expect(await root.run("PUT", "/nodes/pve/qemu/101/config", params)).toBe(
    "OK",
  );
  expect(await api.config(101)).toMatchObject(params);
});

/** The privilege that a key needs: [privilege, path, parameters]. */
const privileges: [string, string, Record<string, string>][] = [
  ["VM.Config.CPU", "/vms/100", { cores: "2" }],
  ["VM.Config.CPU", "/vms/100", { numa0: "cpus=0" }],
  ["VM.Config.Memory", "/vms/100", { memory: "1024" }],
  ["VM.Config.Network", "/vms/100", { net1: "virtio,bridge=vmbr0" }],
  ["VM.Config.HWType", "/vms/100", { vga: "std" }],
  ["VM.Config.HWType", "/vms/100", { serial0: "socket" }],
  ["VM.Config.HWType", "/vms/100", { usb0: "spice" }],
  ["VM.Config.Options", "/vms/100", { onboot: "1" }],
  ["VM.Config.Options", "/vms/100", { tags: "a" }],
  ["VM.PowerMgmt", "/vms/100", { freeze: "1" }],
  ["VM.Config.Disk", "/vms/100", { boot: "order=scsi0" }],
  ["VM.Config.Disk", "/vms/100", { scsi1: "fast:1" }],
  ["VM.Config.CDROM", "/vms/100", { ide2: "none" }],
  ["Datastore.AllocateSpace", "/storage/fast", { scsi1: "fast:1" }],
  ["Mapping.Use", "/mapping/pci/gpu", { hostpci0: "mapping=gpu" }],
  ["Mapping.Use", "/mapping/usb/key", { usb0: "mapping=key" }],
  ["Sys.Modify", "/", { startup: "order=1" }],
  [
    "SDN.Use",
    "/sdn/zones/localnetwork/vmbr0/30",
    { net1: "virtio,bridge=vmbr0,tag=30" },
  ],
];

test.each(privileges)(
  "without %s on %s, %j is 403",
  async (privilege, path, params) => {
    const other = await testLab();
    try {
      const own = new Api(other);
      await own.run("POST", "/nodes/pve/qemu", { vmid: 100, scsi0: "fast:1" });
      other.control({ do: "revoke", node: "pve", privilege });
      expect(
        await own.run("PUT", "/nodes/pve/qemu/100/config", params),
      ).toContain(`403 Permission check failed (${path}, ${privilege}`);
    } finally {
      await other.stop();
    }
  },
);

/** Requests that PVE refuses for what they say together: [method, path, parameters, words]. */
const requests: [string, string, Record<string, string>, string][] = [
  ["PUT", "/100/config", {}, "500 no options specified"],
  ["PUT", "/100/config", { name: "a", digest: "0" }, "500 checksum mismatch"],
  ["PUT", "/100/config", { name: "a", skiplock: "1" }, "400 Parameter"],
  ["PUT", "/100/config", { name: "a", delete: "name" }, "400 Parameter"],
  ["PUT", "/100/config", { name: "a", revert: "name" }, "400 Parameter"],
  ["PUT", "/100/config", { name: "a", force: "1" }, "400 Parameter"],
  ["PUT", "/100/config", { delete: "colour" }, "400 Parameter"],
  ["PUT", "/100/config", { revert: "colour" }, "400 Parameter"],
  ["PUT", "/100/config", { boot: "order=scsi7" }, "500 invalid bootorder"],
  ["PUT", "/100/config", { memory: "512", balloon: "600" }, "500 balloon"],
  ["PUT", "/100/config", { scsi1: "gone:1" }, "500 storage 'gone' does not"],
  ["PUT", "/100/config", { scsi1: "local:1" }, "400 Parameter"],
  ["PUT", "/100/config", { scsi1: "fast:vm-9-disk-9" }, "500 volume 'fast"],
  ["PUT", "/100/config", { scsi1: "fast:strange" }, "500 unable to parse zfs"],
  ["PUT", "/100/config", { scsi1: "fast:900" }, "500 unable to create image"],
  ["PUT", "/100/config", { scsi1: "fast:1,format=qcow2" }, "500 unsupported"],
  ["PUT", "/100/config", { ide2: "local:iso/a.iso" }, "400 Parameter"],
  [
    "PUT",
    "/100/config",
    { scsi1: "fast:1,import-from=local:import/placed.raw" },
    "400 Parameter",
  ],
  [
    "PUT",
    "/100/config",
    { scsi1: "fast:0,import-from=local:import/gone.raw" },
    "500 cannot import from 'local:import/gone.raw'",
  ],
  [
    "PUT",
    "/100/config",
    { scsi1: "fast:0,import-from=local:iso/a.iso" },
    "400 Parameter",
  ],
  [
    "PUT",
    "/100/config",
    { tpmstate0: "fast:vm-100-disk-1,version=v1.2" },
    "500 cannot change TPM state version",
  ],
  ["PUT", "/100/config", { machine: "pc,viommu=intel" }, "500 to use Intel"],
  ["PUT", "/100/config", { sshkeys: "nothing" }, "500 SSH public key"],
  ["PUT", "/100/resize", { disk: "scsi0", size: "1M" }, "shrinking disks is"],
  ["PUT", "/100/resize", { disk: "scsi9", size: "2G" }, "disk 'scsi9' does"],
  ["PUT", "/100/resize", { disk: "net0", size: "2G" }, "400 Parameter"],
  ["PUT", "/100/resize", { disk: "scsi0", size: "2X" }, "400 Parameter"],
  ["PUT", "/100/resize", { disk: "scsi0", size: "900G" }, "zfs error"],
  ["POST", "/100/move_disk", { disk: "scsi0" }, "400 Parameter"],
  [
    "POST",
    "/100/move_disk",
    { disk: "scsi0", storage: "fast" },
    "500 you can't move to the same storage with same format",
  ],
  ["POST", "/100/move_disk", { disk: "scsi0", storage: "local" }, "400 Param"],
  [
    "POST",
    "/100/move_disk",
    { disk: "scsi0", "target-vmid": "999" },
    "500 could not find target VM 999",
  ],
  ["PUT", "/100/unlink", { idlist: "net0" }, "400 Parameter"],
  ["POST", "/100/clone", { newid: "101" }, "500 unable to create VM 101"],
  ["POST", "/100/clone", { newid: "150", full: "0" }, "500 Linked clone"],
  [
    "POST",
    "/100/clone",
    { newid: "150", full: "0", storage: "fast" },
    "500 parameter 'storage' not allowed for linked clones",
  ],
  [
    "POST",
    "/100/clone",
    { newid: "150", full: "0", format: "raw" },
    "500 parameter 'format' not allowed for linked clones",
  ],
  [
    "POST",
    "/100/clone",
    { newid: "150", pool: "p" },
    "403 Permission check failed (pool 'p' does not",
  ],
  ["POST", "/100/clone", { newid: "150", storage: "local" }, "400 Parameter"],
  ["POST", "/100/clone", { newid: "150", target: "x" }, "500 no such cluster"],
  ["POST", "/100/clone", { newid: "150", snapname: "s1" }, "500 snapshot 's1'"],
  ["POST", "", { vmid: "100" }, "500 unable to create VM 100"],
  ["POST", "", { vmid: "150", force: "1" }, "400 Parameter"],
  [
    "POST",
    "",
    { vmid: "150", pool: "p" },
    "403 Permission check failed (pool 'p' does not exist)",
  ],
  [
    "POST",
    "",
    { vmid: "150", scsi0: "fast:vm-9-disk-9" },
    "unable to create VM 150 - volume 'fast:vm-9-disk-9' does not exist",
  ],
  ["GET", "/100/config", { snapshot: "s1" }, "500 snapshot 's1' does not"],
  ["GET", "/100/cloudinit/dump", { type: "all" }, "400 Parameter"],
  ["PUT", "/100/config", { hookscript: "local:snippets/x.sh" }, "400 Param"],
  ["DELETE", "/100/snapshot/s1", {}, "403 Permission check failed"],
];

test.each(requests)(
  "%s %s with %j is refused",
  async (method, path, params, why) => {
    const answer = await api.run(method, `/nodes/pve/qemu${path}`, params);
    expect(answer).toMatch(
      new RegExp(`^${why.replace(/[.*+?()[\]]/g, "\\$&")}`),
    );
  },
);

test.each([
  ["DELETE", "/snapshot/s1", {}, "snapshot 's1' does not exist"],
  ["POST", "/snapshot/s1/rollback", {}, "snapshot 's1' does not exist"],
  ["POST", "/snapshot", { snapname: "current" }, "500 unable to use snapshot"],
  ["POST", "/snapshot", { snapname: "1" }, "400 Parameter verification"],
] as const)(
  "%s %s with %j is refused to root@pam too",
  async (method, path, params, why) => {
    const root = await api.asRoot();
    expect(
      await root.run(method, `/nodes/pve/qemu/100${path}`, params),
    ).toContain(why);
  },
);

test("what is refused leaves no volume behind", async () => {
  const { data } = await api.send<{ volid: string }[]>(
    "GET",
    "/nodes/pve/storage/fast/content",
  );
  expect(data.map(({ volid }) => volid).sort()).toEqual([
    "fast:vm-100-disk-0",
    "fast:vm-100-disk-1",
  ]);
});

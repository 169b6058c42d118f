import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { bendQat } from "../../lab/host/qat";
import { HostWorld } from "../../lab/host/world";
import {
  block,
  bootMachine,
  endpoints,
  first,
  type QatMachine,
  runAt,
  second,
  third,
} from "../support/qat";

let directory: string;
let world: HostWorld;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "host-qat-"));
  world = new HostWorld("qat", directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const boot = (options: QatMachine = {}) => {
  world.emptyMemory();
  bootMachine(world, options);
};
const run = (line: string, stdin = "", user = "root") =>
  runAt(world, line, stdin, user);
const text = (path: string) => readFileSync(world.path(path), "utf8");
const device = (address: string) => `/sys/bus/pci/devices/${address}`;
const debug = (address: string) => `/sys/kernel/debug/qat_c6xx_${address}`;
const drivers = () =>
  [...text("/proc/crypto").matchAll(/^driver +: (qat.*)$/gm)].map(
    ([, name]) => name,
  );
const configure = (number: number, general: string, rest = "") =>
  world.put(
    `/etc/c6xx_dev${number}.conf`,
    `[GENERAL]\nServicesEnabled = ${general}\nConfigVersion = 2\n\n${rest}`,
  );
const programs =
  "[SHIM]\nNumberCyInstances = 1\nNumberDcInstances = 0\nNumProcesses = 4\n";

describe("the driver of the kernel", () => {
  beforeEach(() => boot());

  test("binds the adapter's three functions and the chipset's block, and starts them", async () => {
    const { stdout } = await run("lspci -Dvmmnnk");
    const found = stdout
      .split("\n\n")
      .filter((part) => part.includes("[37c8]"));
    expect(found).toHaveLength(4);
    for (const part of found) expect(part).toContain("Driver:\tc6xx");
    expect(
      found.filter((part) => /^SDevice:.*\[0002\]$/m.test(part)),
    ).toHaveLength(3);
    for (const address of [...endpoints, block])
      expect(text(`${debug(address)}/heartbeat/status`)).toBe("0\n");
    expect(text(`${debug(first)}/fw_counters`)).toMatch(
      /^AE +Requests +Responses\n 0: +0 +0\n[\s\S]* 9: +0 +0\n$/,
    );
    const { stdout: log } = await run("journalctl -k -o cat --grep=^c6xx");
    expect(log).toContain(
      `c6xx ${first}: qat_dev0 started 10 acceleration engines`,
    );
    expect(drivers()).toHaveLength(9);
  });

  test("reads no file of the other driver's, and has none of its programs", async () => {
    configure(0, "dc");
    boot();
    expect(text(`${debug(first)}/dev_cfg`)).toMatch(/NumberCyInstances = 8/);
    expect(await run("adf_ctl status")).toMatchObject({ code: 127 });
    expect(await run("systemctl restart qat_service")).toMatchObject({
      code: 5,
    });
  });

  test.each([
    ["6.12.30-1-pve", "4001"],
    ["6.16.4", "100"],
    ["6.17.2-1-pve", "100"],
  ])("of Linux %s has priority %s for ciphers", (kernel, priority) => {
    boot({ kernel });
    expect(text("/proc/crypto")).toMatch(
      new RegExp(`driver +: qat_aes_cbc\\n.*\\npriority +: ${priority}\\n`),
    );
  });

  test("counts what is asked of it, on the endpoint with the least work", async () => {
    const load = () =>
      run("kcapi-enc --cipher qat_aes_cbc --passwd x --quiet", "data");
    const ends = await Promise.all([load(), load(), load(), load()]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    for (const address of [...endpoints, block])
      expect(text(`${debug(address)}/fw_counters`)).toMatch(/ 0: +1 +1\n/);
  });

  test("is held by a session until its input ends, and computes what is there of it", async () => {
    const input = new PassThrough();
    const words = "-c qat_aes_cbc -p x".split(" ");
    const end = runAt(world, ["kcapi-enc", ...words].join(" "), input);
    input.write(Buffer.alloc(61_440));
    await setImmediate();
    expect(text(`${debug(first)}/fw_counters`)).toMatch(/ 0: +1 +1\n/);
    await run("kcapi-enc -c qat_aes_cbc -p x", "data");
    expect(text(`${debug(first)}/fw_counters`)).toMatch(/ 0: +1 +1\n/);
    expect(text(`${debug(second)}/fw_counters`)).toMatch(/ 0: +1 +1\n/);
    expect((await run("modprobe -r qat_c62x")).stderr).toMatch(/is in use/);
    input.end();
    expect(await end).toMatchObject({ code: 0 });
    expect(await run("modprobe -r qat_c62x")).toMatchObject({ code: 0 });
  });

  test("is not asked where the kernel prefers another by its name", async () => {
    const { code } = await run("kcapi-enc -c cbc(aes) -p x", "data");
    expect(code).toBe(0);
    expect(text(`${debug(first)}/fw_counters`)).toMatch(/ 0: +0 +0\n/);
  });

  test("without its firmware binds nothing, and says which file it lacks", async () => {
    bendQat(world, "no-firmware");
    boot();
    expect(existsSync(world.path(`${device(first)}/driver`))).toBe(false);
    expect(drivers()).toEqual([]);
    const { stdout } = await run("journalctl -k -o cat");
    expect(stdout).toContain("Failed to load MMP firmware qat_c62x_mmp.bin");
    bendQat(world, "mended");
    boot();
    expect(drivers()).toHaveLength(9);
  });

  test("starts nothing where it is on modprobe's blacklist", () => {
    world.put("/etc/modprobe.d/x.conf", "blacklist qat_c62x\n");
    boot();
    expect(drivers()).toEqual([]);
  });
});

describe("virtual functions", () => {
  const write = (value: string, address = first, name = "sriov_numvfs") =>
    run(`tee ${device(address)}/${name}`, value);
  beforeEach(() => boot());

  test("are all of them whatever number is asked, and take the host's instances away", async () => {
    for (const address of [...endpoints, block]) {
      await write("0", address, "sriov_drivers_autoprobe");
      expect(await write("4", address)).toMatchObject({ code: 0 });
    }
    expect(text(`${device(first)}/sriov_numvfs`)).toBe("16\n");
    expect(drivers()).toEqual([]);
    expect(text(`${debug(first)}/dev_cfg`)).toMatch(/NumberCyInstances = 0/);
    const { stdout } = await run("lspci -Dvmmnnk");
    expect(stdout.match(/\[37c9\]/g)).toHaveLength(64);
    expect(stdout).not.toMatch(/c6xxvf/);
    expect(stdout).toMatch(/^Slot:\t0000:54:02\.7$/m);
    await write("0");
    expect(drivers()).toHaveLength(9);
    expect(existsSync(world.path(device("0000:54:02.7")))).toBe(false);
  });

  test("go to the host's own driver, where probing is left on", async () => {
    await write("16");
    const { stdout } = await run("lspci -Dvmmnnk");
    expect(stdout.match(/Driver:\tc6xxvf/g)).toHaveLength(16);
  });

  test.each([
    ["more than there are", "17", /Numerical result out of range/],
    ["no number", "all", /Invalid argument/],
  ])("%s are refused", async (_what, value, reason) => {
    const { code, stderr } = await write(value);
    expect([code, reason.test(stderr)]).toEqual([1, true]);
  });

  test("another number than there is now is busy", async () => {
    await write("16");
    expect((await write("8")).stderr).toMatch(/resource busy/);
  });

  test("are refused while the kernel holds the endpoint", async () => {
    bendQat(world, "busy", second);
    expect((await write("16", second)).stderr).toMatch(
      /sriov_numvfs: Device or resource busy/,
    );
    expect((await run("modprobe -r qat_c62x")).stderr).toMatch(/is in use/);
  });

  test("are refused without an IOMMU", async () => {
    boot({ iommu: false });
    expect((await write("16")).stderr).toMatch(/Invalid argument/);
    const { stdout } = await run("journalctl -k -o cat");
    expect(stdout).toMatch(/IOMMU should be enabled for SR-IOV/);
  });

  test("are gone after a boot, and there again by a rule of udev", async () => {
    await write("16");
    boot();
    expect(text(`${device(first)}/sriov_numvfs`)).toBe("0\n");
    world.put(
      "/etc/udev/rules.d/x.rules",
      `ACTION=="bind", SUBSYSTEM=="pci", KERNEL=="${second}", DRIVER=="c6xx", ATTR{sriov_drivers_autoprobe}="0", ATTR{sriov_numvfs}="16"\n`,
    );
    boot();
    expect(text(`${device(first)}/sriov_numvfs`)).toBe("0\n");
    expect(text(`${device(second)}/sriov_numvfs`)).toBe("16\n");
  });

  test("are no guest's while vfio-pci has its denylist", async () => {
    await write("16");
    bendQat(world, "guest", first);
    expect((await run("lspci -Dvmmnnk")).stdout).not.toMatch(/vfio-pci/);
    world.put(
      "/etc/modprobe.d/x.conf",
      "options vfio-pci disable_denylist=1\n",
    );
    bendQat(world, "guest", first);
    expect((await run("lspci -Dvmmnnk")).stdout).not.toMatch(/vfio-pci/);
    await run("modprobe -r vfio-pci");
    bendQat(world, "guest", first);
    expect(text("/sys/module/vfio_pci/parameters/disable_denylist")).toBe(
      "Y\n",
    );
    const { stdout } = await run("lspci -Dvmmnnk");
    expect(stdout.match(/Driver:\tvfio-pci/g)).toHaveLength(8);
  });
});

describe("the driver out of the tree", () => {
  beforeEach(() => boot({ driver: "out-of-tree" }));

  test("starts the endpoints that have a file, and shows counters in a table", async () => {
    expect((await run("adf_ctl status")).stdout).toMatch(/state: down/);
    configure(0, "cy", programs);
    configure(1, "cy;dc", "[KERNEL]\nNumberCyInstances = 2\n");
    expect(await run("systemctl restart qat_service")).toMatchObject({
      code: 0,
    });
    const { stdout } = await run("adf_ctl status");
    expect(stdout).toContain(
      `qat_dev0 - type: c6xx,  inst_id: 0,  node_id: 0,  bsf: ${first},  #accel: 5 #engines: 10 state: up`,
    );
    expect(stdout).toMatch(new RegExp(`${third}.*state: down`));
    expect(text(`${debug(first)}/fw_counters`)).toMatch(
      /^\| Firmware Responses\[AE {2}9\]: +0 \|$/m,
    );
    expect(existsSync(world.path(debug(third)))).toBe(false);
  });

  test.each([
    ["services that it has not", "hash", ""],
    ["instances of a service that is off", "dc", programs],
    ["more instances than it has banks", "cy", programs.replace("4", "40")],
  ])("does not start with %s", async (_what, services, rest) => {
    configure(0, services, rest);
    const { code, stderr } = await run("adf_ctl qat_dev0 up");
    expect([code, /Failed to configure qat_dev0/.test(stderr)]).toEqual([
      1,
      true,
    ]);
  });

  test("computes RSA for OpenSSL only with instances for programs", async () => {
    const speed = () => run("openssl speed -engine qatengine rsa2048");
    expect(await speed()).toMatchObject({ code: 0 });
    configure(0, "cy", programs);
    await run("adf_ctl up");
    await speed();
    expect(text(`${debug(first)}/fw_counters`)).toMatch(
      /Responses\[AE {2}0\]: +1440 /,
    );
  });
});

test("OpenSSL's engine says that it is available on a machine without any adapter", async () => {
  world.save("facts", { pci: [] });
  expect(await run("openssl engine -t -c qatengine")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\[ available \]/),
  });
});

test.each([
  ["kcapi-enc --bogus", 1, /unrecognized option '--bogus'/],
  ["kcapi-enc -c none(aes) -p x", 254, /^$/],
  ["kcapi-enc -c cbc(aes)", 234, /^$/],
  ["update-initramfs", 2, /at least one of -c, -u, or -d/],
  ["modinfo -F filename qat_none", 1, /Module qat_none not found/],
  ["modprobe qat_none", 1, /FATAL: Module qat_none not found/],
  ["openssl bogus", 1, /'bogus' is an invalid command/],
  ["tee -a /x", 1, /only one file/],
  ["tee /none/x", 1, /No such file or directory/],
])("%s ends with %s", async (line, code, reason) => {
  boot();
  const end = await run(line);
  expect([end.code, reason.test(end.stderr)]).toEqual([code, true]);
});

test("an image of the initramfs keeps modprobe's files as they were when it was made", async () => {
  boot();
  const image = "/boot/initrd.img-6.17.2-1-pve";
  world.put("/etc/modprobe.d/x.conf", "options vfio-pci disable_denylist=1\n");
  world.put("/etc/modprobe.d/.y.conf.old", "options vfio-pci ids=1\n");
  expect((await run("update-initramfs -u")).stdout).toContain(image);
  rmSync(world.path("/etc/modprobe.d/x.conf"));
  expect(text(image)).toBe(
    "etc/modprobe.d/x.conf\noptions vfio-pci disable_denylist=1\n",
  );
});

test("others than root write nothing", async () => {
  boot();
  expect(
    await run(`tee ${device(first)}/sriov_numvfs`, "16", "guest"),
  ).toMatchObject({ code: 1, stderr: expect.stringMatching(/denied/) });
  expect(await run("modprobe qat_c62x", "", "guest")).toMatchObject({
    code: 1,
  });
});

import { readFileSync, readlinkSync } from "node:fs";
import { bendDisk, disksOf } from "../../lab/host/disks";
import { type DisksWorld, disksWorld, shelfDisk } from "../support/disks";

const [a, b] = ["0x5003048000000a00", "0x5003048000000b00"] as const;
const inShelf = (slot: number, id: string, ports: number[]) =>
  shelfDisk(slot, {
    wwn: `0x5000c500a1b2${id.slice(-4, -2)}${slot.toString(16).padStart(2, "0")}`,
    serial: `${id.slice(-4)}-${slot}`,
    enclosure: { id, slot },
    hbas: ["0000:01:00.0"],
    ports,
  });
const [one, two, other] = [
  inShelf(0, a, [0]),
  inShelf(3, a, [0]),
  inShelf(0, b, [1]),
] as const;

let lab: DisksWorld;
beforeEach(() => {
  lab = disksWorld([one, two, other]);
});
afterEach(() => lab.remove());

const text = (path: string) =>
  readFileSync(lab.world.path(path), "utf8").trim();
const link = (path: string) => readlinkSync(lab.world.path(path));
const nameOf = (serial: string) =>
  disksOf(lab.world)
    .all()
    .find((device) => device.serial === serial)?.name ?? "none";

async function smart(...words: string[]) {
  const { code, stdout } = await lab.run("smartctl", ...words);
  return { code, said: stdout.toString() };
}

test("a shelf and each of its disks are behind the port that its cable comes from", () => {
  const under = "devices/pci0000:00/0000:01:00.0/host0";
  expect(link("/sys/class/enclosure/0:0:3:0")).toBe(
    `../../${under}/port-0:0/expander-0:0/port-0:0:20/end_device-0:0:20/target0:0:3/0:0:3:0/enclosure/0:0:3:0`,
  );
  expect(link(`/sys/block/${nameOf(other.serial)}`)).toBe(
    `../${under}/port-0:1/expander-0:1/port-0:1:0/end_device-0:1:0/target0:0:2/0:0:2:0/block/${nameOf(other.serial)}`,
  );
  expect(link("/sys/class/sas_phy/phy-0:6/device/port")).toBe("../port-0:1");
  expect(link("/sys/class/sas_phy/phy-0:0:3/device/port")).toBe(
    "../port-0:0:3",
  );
  // In the slot between them is no disk.
  expect(() => link("/sys/class/sas_phy/phy-0:0:1/device/port")).toThrow(
    "ENOENT",
  );
});

test("a second shelf at the same port is behind the first", () => {
  lab.remove();
  lab = disksWorld([one, inShelf(0, b, [0])]);
  const first = "port-0:0/expander-0:0";
  expect(link("/sys/class/enclosure/0:0:3:0")).toContain(
    `/${first}/port-0:0:16/expander-0:1/port-0:1:20/`,
  );
  expect(link("/sys/class/sas_phy/phy-0:0:17/device/port")).toBe(
    "../port-0:0:16",
  );
});

test("a locate light that somebody lit stays lit while disks come and go", () => {
  const light = "/sys/class/enclosure/0:0:3:0/Slot 01/locate";
  lab.world.put(light, "1\n");
  bendDisk(lab.world, "pulled", two.wwn);
  expect(text(light)).toBe("1");
});

test("a disk that is moved takes the slot, and what was there takes its own", () => {
  expect(bendDisk(lab.world, "slot", one.wwn, 3)).toContain("slot 3");
  const device = (slot: string) =>
    link(`/sys/class/enclosure/0:0:3:0/${slot}/device`);
  expect(device("Slot 03")).toContain("0:0:0:0");
  expect(device("Slot 00")).toContain("0:0:1:0");
  bendDisk(lab.world, "slot", one.wwn, 5);
  expect(text("/sys/class/enclosure/0:0:3:0/Slot 03/status")).toBe(
    "not installed",
  );
  expect(device("Slot 05")).toContain("0:0:0:0");
});

test("a link counts what is added, and nothing again when it is mended", () => {
  const count = "/sys/class/sas_phy/phy-0:0:3/invalid_dword_count";
  bendDisk(lab.world, "link-errors", two.serial);
  bendDisk(lab.world, "link-errors", two.serial, 10);
  expect(text(count)).toBe("35");
  bendDisk(lab.world, "mended", two.serial);
  expect(text(count)).toBe("0");
});

test.each([
  ["no fault of disks", "gone", one.wwn, undefined, 'no fault "gone"'],
  ["no slot", "slot", one.wwn, undefined, "say which slot"],
  ["no such disk", "failing", "0x5000c500ffffffff", undefined, "No disk 0x5"],
])("refused is %s", (_what, fault, disk, number, why) => {
  expect(() => bendDisk(lab.world, fault as never, disk, number)).toThrow(why);
});

describe("smartctl", () => {
  const asked = ["--json=c", "--all", "--nocheck=standby"];

  test("tells of a good disk in one line, and ends with 0", async () => {
    const { code, said } = await smart(...asked, `/dev/${nameOf(one.serial)}`);
    expect(said.trim().split("\n")).toHaveLength(1);
    expect([code, JSON.parse(said)]).toMatchObject([
      0,
      { smartctl: { exit_status: 0 }, smart_status: { passed: true } },
    ]);
  });

  test.each([
    ["of SAS", "SEAGATE", 8, { scsi_grown_defect_list: 248 }],
    ["of ATA", "ATA", 88, { ata_smart_attributes: expect.anything() }],
  ])(
    "says of a failing disk %s so, and by its bits",
    async (_, vendor, code, more) => {
      lab.remove();
      lab = disksWorld([shelfDisk(0, { vendor })]);
      bendDisk(lab.world, "failing", shelfDisk(0).wwn);
      const found = await smart(...asked, "/dev/sda");
      expect([found.code, JSON.parse(found.said)]).toMatchObject([
        code,
        { smart_status: { passed: false }, ...more },
      ]);
    },
  );

  test("leaves a disk asleep only where that is asked for", async () => {
    bendDisk(lab.world, "asleep", one.wwn);
    const device = `/dev/${nameOf(one.serial)}`;
    for (const [mode, code] of [
      ["--nocheck=standby", 2],
      ["--nocheck=standby,0", 0],
      ["-nidle,5", 5],
    ] as const) {
      const found = await smart("-j", "-a", mode, device);
      expect(found.code).toBe(code);
      expect(JSON.parse(found.said).smartctl.messages).toEqual([
        {
          string: `Device is in STANDBY_Z BY TIMER mode, exit(${code})`,
          severity: "information",
        },
      ]);
    }
    expect((await smart("-j", "-H", device)).code).toBe(0);
    expect((await smart(...asked, device)).code).toBe(0);
  });

  test.each([
    [["--jsn", "/dev/sda"], "UNRECOGNIZED OPTION: jsn"],
    [["-j", "-n", "soon", "/dev/sda"], "INVALID ARGUMENT TO -n: soon"],
    [["-j", "-a"], "requires a device name"],
    [["-j", "-a", "/dev/sdzz"], "Unable to detect device type"],
  ])("refuses %j", async (words, why) => {
    const { code, said } = await smart(...words);
    expect([code, said]).toEqual([1, expect.stringContaining(why)]);
  });
});

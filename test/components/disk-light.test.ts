import { readFileSync } from "node:fs";
import { diskMeant, locate } from "../../components/disk-light";
import { diskSpecs } from "../../lab/disks";
import { factsOf } from "../../lab/facts";
import { bootFacts } from "../../lab/host/facts";
import { bootStorage, storageTools } from "../../lab/host/storage-machine";
import { Configuration } from "../../providers/dynamic/configuration";
import { HostError, type Machine } from "../../providers/host/client";
import { switchLight } from "../../providers/host/slot-light";
import { load } from "../support/dev-site";
import { type TestHost, testHost } from "../support/host";

jest.setTimeout(120_000);

const site = load();
const name = "router-server";
const disk = "0x5000c500a1010004";
const own = site.hardware.hosts[0]?.disks[0];
if (own) own.wwn = "0x5002538000000001";

describe("on a machine of the lab", () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await testHost({
      login: "ops",
      spec: {
        tools: storageTools,
        boot(world) {
          const disks = diskSpecs(site.hardware, name);
          bootFacts(world, factsOf(site, name, disks));
          bootStorage(world, disks);
        },
      },
    });
  });
  afterEach(() => host.stop());

  const light = (word: string, isOn = true) =>
    locate(
      site,
      new Configuration((key) =>
        host.configuration(key)?.replace('"storage"', `"${name}"`),
      ),
      word,
      isOn,
      AbortSignal.timeout(60_000),
    );
  const lit = async (): Promise<string[]> => {
    const found = await host.lab.control({
      do: "run",
      words: [
        ..."find /sys/devices -type f -name locate -printf".split(" "),
        "%p\\n",
      ],
    });
    return `${found}`
      .split("\n")
      .filter((path) => /1/.test(readFileSync(host.world.path(path), "utf8")))
      .map((path) => path.split("/").slice(-3, -1).join(" "));
  };
  const bend = (fault: "pulled" | "slot", number?: number) =>
    host.lab.control({ do: "disk", fault, disk, number });

  test.each(["shelf1:4", disk, "/dev/disk/by-id/wwn-0x5000c500a1010004"])(
    "%s is lit, told with its place, and put out",
    async (word) => {
      expect(await light(word)).toBe(
        "Disk shelf1:4 is in shelf shelf1 slot 4 of host router-server. Its light is on; --off puts it out.",
      );
      expect(await lit()).toEqual([
        expect.stringMatching(/^0:0:\d+:0 Slot 04$/),
      ]);
      expect(await light(word, false)).toMatch(/Its light is out\.$/);
      expect(await lit()).toEqual([]);
    },
  );

  test("a disk that nobody sees any more is lit where the manifest has it", async () => {
    await bend("pulled");
    expect(await light("shelf1:4")).toBe(
      "Host router-server does not see disk shelf1:4; the manifest has it in shelf shelf1 slot 4. Its light is on; --off puts it out.",
    );
    expect(await lit()).toEqual([expect.stringMatching(/^0:0:\d+:0 Slot 04$/)]);
  });

  test("a disk in another slot is lit where it is", async () => {
    await bend("slot", 9);
    expect(await light("shelf1:4")).toContain(
      "is in shelf shelf1 slot 9 of host router-server, and not where the manifest has it.",
    );
    expect(await lit()).toEqual([expect.stringMatching(/Slot 09$/)]);
  });

  test("a disk of the host's own has no slot to light", async () => {
    await expect(light("router-server:ssd0")).rejects.toThrow(
      /^host "router-server" sees it as \/dev\/sd\w+, and no shelf tells that it is in one/,
    );
  });

  test("a WWN that nobody has is told with where to look", async () => {
    await expect(light("0x5000c500a101ffff")).rejects.toThrow(
      'router-server sees no such disk, and the manifest has no slot for it. Look at "lsblk -o NAME,WWN,SERIAL" there',
    );
    expect(await lit()).toEqual([]);
  });

  test("a host that cannot be reached is told by its name", async () => {
    const stopped = host;
    await stopped.lab.close();
    await expect(light("shelf1:4")).rejects.toThrow(/"router-server"/);
  });
});

test("a host without an endpoint is told with what to set", async () => {
  const configuration = new Configuration(() => "{}");
  const signal = AbortSignal.timeout(60_000);
  await expect(
    locate(site, configuration, "shelf1:4", true, signal),
  ).rejects.toThrow(/hybrid-site:endpoints has no "router-server.ssh"/);
});

test.each([
  ["shelf1:4", { wwn: "5000c500a1010004" }],
  ["5000C500A1010004", { wwn: "5000c500a1010004" }],
  ["wwn-0x5000c500a1010004-part1", { wwn: "5000c500a1010004" }],
  ["/dev/mapper/35000c500a1010004", { wwn: "5000c500a1010004" }],
  ["scsi-35000c500a1010004", { wwn: "5000c500a1010004" }],
  ["ata-MZILT1T9HAJQ_ABCD", { byId: "ata-MZILT1T9HAJQ_ABCD" }],
])("%s names a disk", (word, meant) => {
  expect(diskMeant(site, word)).toMatchObject(meant);
});

test.each([
  [
    "shelf1:40",
    'it is no place of a disk, no WWN and no name of /dev/disk/by-id, did you mean "shelf1:0"?',
  ],
  ["shelv1:4", 'by-id, did you mean "shelf1:4"?'],
  ["sda", 'names like "sda" anew at each boot'],
  ["", "by-id, known are shelf1:0, shelf1:1"],
])("%s names none", (word, why) => {
  expect(() => diskMeant(site, word)).toThrow(why);
});

test("a host's own disk without a WWN is told with what is missing", async () => {
  const configuration = new Configuration(() => "{}");
  const signal = AbortSignal.timeout(60_000);
  await expect(
    locate(load(), configuration, "router-server:ssd0", true, signal),
  ).rejects.toThrow("the manifest has no WWN to find it by");
});

describe("a slot's light", () => {
  const signal = new AbortController().signal;
  /** Of each folder what its light reads after the order; undefined: the order fails. */
  const machine = (lights: Record<string, string | undefined>) => {
    const ordered: string[] = [];
    const folder = (path: string) => path.replace("/locate", "");
    return {
      ordered,
      run: async ([, path = ""]: string[]) => {
        ordered.push(path);
        if (lights[folder(path)] === undefined)
          throw new HostError("exit", "Input/output error");
      },
      read: async (path: string) => Buffer.from(`${lights[folder(path)]}\n`),
    };
  };
  const order = (on: ReturnType<typeof machine>, folders: string[]) =>
    switchLight(on as unknown as Machine, folders, true, signal);

  test("is ordered through one module where that does", async () => {
    const lab = machine({ a: "1", b: "1" });
    await order(lab, ["a", "b"]);
    expect(lab.ordered).toEqual(["a/locate"]);
  });

  test("is ordered through the other module where the first fails", async () => {
    const lab = machine({ b: "1" });
    await order(lab, ["a", "b"]);
    expect(lab.ordered).toEqual(["a/locate", "b/locate"]);
  });

  test.each([
    [["a"], { a: "0" }, "it has none that can be ordered so"],
    [["a"], {}, "Input/output error"],
    [[], {}, "it tells of no slot's light"],
  ])(
    "of %j that is not on afterwards is no success",
    async (folders, lights, why) => {
      await expect(order(machine(lights), folders)).rejects.toThrow(why);
    },
  );
});

import type { FactsSpec } from "../../lab/host/facts";
import {
  expected,
  type FactsHost,
  factsHost,
  factsInputs,
  type Server,
  shelfId,
} from "../support/host-facts";

jest.setTimeout(120_000);

let host: FactsHost;
afterEach(() => host.stop());

test.each(["root", "ops"] as const)(
  "logged in as %s, a machine is read by eight commands and one for each disk, and one as expected has no finding",
  async (login) => {
    host = await factsHost(login);
    host.commands();
    const { id, outs = {} } = await host.facts.create(factsInputs());
    expect(host.commands()).toHaveLength(8 + 2);
    expect(outs).toMatchObject({
      findings: [],
      versions: {
        distribution: "Debian GNU/Linux 13 (trixie)",
        kernel: "6.17.2-2-pve",
        zfs: "2.3.4-pve1",
        pve: "9.1.2",
      },
      hbas: [
        {
          address: "0000:01:00.0",
          driver: "mpt2sas",
          board: "SAS9207-8e",
          firmware: "20.00.07.00",
          mode: "IT",
          sasAddress: "0x500605b0001a2b30",
        },
        { address: "0000:02:00.0", mode: "IR" },
      ],
      disks: [
        {
          wwn: "5000c500a1b2c3d4",
          serial: "Z1Z0AAAA",
          model: "ST4000NM0023",
          sizeBytes: 4_000_787_030_016,
          paths: 2,
          enclosure: shelfId,
          slot: 0,
        },
        { wwn: "5000c500a1b2c3d5", paths: 1, enclosure: shelfId, slot: 7 },
      ],
      memory: [
        {
          locator: "DIMMA1",
          sizeBytes: 2 ** 34,
          type: "DDR4",
          kind: "UDIMM",
          ecc: true,
          speed: 2666,
          configuredSpeed: 2666,
          manufacturer: "Samsung",
          partNumber: "M391A2K43BB1-CTD",
        },
        { locator: "DIMMB1" },
      ],
    });
    expect((outs.pci as unknown[])[0]).toEqual({
      address: "0000:00:00.0",
      class: "Host bridge",
      id: "8086:3ec6",
      name: "Intel Corporation 8th Gen Core Processor Host Bridge/DRAM Registers",
      iommuGroup: 0,
    });
    expect((outs.pci as unknown[])[2]).toMatchObject({
      address: "0000:02:00.0",
      id: "1000:0087",
      subsystemId: "1000:3040",
      driver: "mpt3sas",
      iommuGroup: 2,
      link: { width: 4, speed: 8 },
      maxLink: { width: 8, speed: 8 },
    });
    const found = await host.facts.read(id, outs);
    expect(found.props).toEqual({ ...outs, __provider: undefined });
    expect(
      (await host.facts.diff(id, found.props ?? {}, factsInputs())).changes,
    ).toBe(false);
    await host.facts.delete(id, outs);
  },
);

describe("each difference is a finding with its place", () => {
  const at = <T>(items: T[], index: number) => items[index] as T;
  type Row = [
    string,
    (facts: FactsSpec, disks: Server["disks"]) => void,
    string[],
  ];

  test.each<Row>([
    [
      "a narrow link",
      ({ pci }) => {
        at(pci, 1).link = { width: 4, speed: 8 };
      },
      [
        'PCI 0000:01:00.0: card "hba-a" runs at x4, expected x8 (card and slot can x8): look at the slot, and at its contacts',
      ],
    ],
    [
      "a slow link",
      ({ pci }) => {
        at(pci, 1).link = { width: 8, speed: 5 };
      },
      [
        'PCI 0000:01:00.0: card "hba-a" runs at 5 GT/s, expected 8 GT/s (card and slot can 8 GT/s)',
      ],
    ],
    [
      "a card elsewhere",
      ({ pci }) => {
        pci.splice(1, 1);
      },
      [
        'PCI 0000:01:00.0: is nothing: not seated, or its slot is disabled in the firmware; card "hba-a" (1000:0087) is not there, but at 0000:02:00.0',
      ],
    ],
    [
      "a card of another make",
      ({ pci }) => {
        at(pci, 1).subsystem = undefined;
      },
      [
        'PCI 0000:01:00.0: card "hba-a" has subsystem none, expected 1000:3040: it is another make',
      ],
    ],
    [
      "another driver",
      ({ pci }) => {
        at(pci, 1).driver = "vfio-pci";
      },
      ['PCI 0000:01:00.0: card "hba-a" has driver vfio-pci, expected mpt3sas'],
    ],
    [
      "RAID firmware",
      ({ hbas }) => {
        at(hbas, 0).raid = true;
      },
      ['PCI 0000:01:00.0: card "hba-a" has IR firmware, expected IT'],
    ],
    [
      "a mode that nothing tells",
      ({ hbas }) => {
        at(hbas, 0).isLogGone = true;
      },
      [
        'PCI 0000:01:00.0: card "hba-a" has a firmware of unknown mode, expected IT: the kernel\'s log of this boot does not tell ("sas2flash -list" on the host does)',
      ],
    ],
    [
      "old firmware",
      ({ hbas }) => {
        at(hbas, 0).firmware = "19.00.00.00";
      },
      [
        'PCI 0000:01:00.0: card "hba-a" has firmware 19.00.00.00, expected 20.00.07.00',
      ],
    ],
    [
      "firmware that is known to lose data, also of a card that nobody expects",
      ({ hbas }) => {
        at(hbas, 1).firmware = "20.00.04.00";
      },
      [
        "PCI 0000:02:00.0: firmware 20.00.04.00 is known to be bad: of a SAS2xxx early builds of phase 20 give CRC errors, time-outs and, as users report, wrong data; put 20.00.07.00 on it by hand (sas2flash), with its pools exported, and scrub them afterwards",
      ],
    ],
    [
      "a missing module",
      ({ memory = [] }) => {
        at(memory, 0).module = undefined;
      },
      ["memory socket DIMMA1: no module, expected 16 GiB DDR4 UDIMM"],
    ],
    [
      "a registered module without ECC, too slow",
      ({ memory = [] }) => {
        Object.assign(at(memory, 0).module ?? {}, {
          detail: "Synchronous Registered (Buffered)",
          ecc: false,
          configuredSpeed: 2133,
        });
      },
      [
        "memory socket DIMMA1: kind is RDIMM, expected UDIMM",
        "memory socket DIMMA1: has no ECC, expected with",
        "memory socket DIMMA1: runs at 2133 MT/s, expected 2666",
      ],
    ],
    [
      "a module too many",
      ({ memory = [] }) => {
        at(memory, 1).module = at(memory, 0).module;
      },
      [
        "memory socket DIMMB1: 16 GiB DDR4 UDIMM, of which the manifest knows nothing",
      ],
    ],
    [
      "firmware that does not tell of memory",
      (spec) => {
        spec.memory = undefined;
      },
      [
        "memory: the firmware tells of no modules, so nothing is known of them (dmidecode --type 17)",
      ],
    ],
    [
      "a disk in another slot",
      (_facts, disks) => {
        at(disks, 0).enclosure = { id: shelfId, slot: 5 };
      },
      [
        'shelf shelf-1 slot 5: disk "a" (WWN 0x5000c500a1b2c3d4) belongs into shelf shelf-1 slot 0',
      ],
    ],
    [
      "a disk in another shelf",
      (_facts, disks) => {
        for (const { enclosure } of disks)
          if (enclosure) enclosure.id = "0x5003048000000001";
      },
      [
        "shelf shelf-1: is not there by its id 0x500304801f2b3c3f, and disks of it are in shelf 0x5003048000000001: look which shelf is which",
        "shelf 0x5003048000000001: is at PCI 0000:01:00.0 phy 0, 1, 2, 3 and PCI 0000:02:00.0 phy 0, 1, 2, 3, and the manifest knows nothing of it",
        'shelf 0x5003048000000001 slot 0: disk "a" (WWN 0x5000c500a1b2c3d4) belongs into shelf shelf-1 slot 0',
        'shelf 0x5003048000000001 slot 7: disk "b" (WWN 5000C500A1B2C3D5) belongs into shelf shelf-1 slot 7',
      ],
    ],
    [
      "versions",
      (spec) => {
        Object.assign(spec, {
          kernel: "6.1.0-28-amd64",
          zfs: undefined,
          packages: {},
        });
      },
      [
        "kernel: is 6.1.0-28-amd64, expected 6.17",
        "zfs: is not there, expected 2.3",
        "pve: is not there, expected 9.1",
      ],
    ],
  ])("%s", async (_what, change, findings) => {
    host = await factsHost("root", ({ facts, disks }) => change(facts, disks));
    const { outs } = await host.facts.create(factsInputs());
    expect(outs?.findings).toEqual(findings);
  });

  test("disks: what is not there, what nobody knows, and a way too few", async () => {
    host = await factsHost();
    const disks = [
      { ...expected.disks[0], serial: "other", sizeBytes: 1, paths: 3 },
      { name: "c", wwn: "0x5000c500ffffffff", enclosure: "shelf-1", slot: 8 },
    ];
    const { outs } = await host.facts.create(
      factsInputs({ expected: { ...expected, disks } }),
    );
    expect(outs?.findings).toEqual([
      'shelf shelf-1 slot 0: disk "a" (WWN 0x5000c500a1b2c3d4) has serial Z1Z0AAAA, expected other',
      'shelf shelf-1 slot 0: disk "a" (WWN 0x5000c500a1b2c3d4) has 4000787030016 bytes, expected 1',
      'shelf shelf-1 slot 0: disk "a" (WWN 0x5000c500a1b2c3d4) is reached by 2 paths, expected 3',
      'shelf shelf-1 slot 8: disk "c" (WWN 0x5000c500ffffffff) is not there',
      "shelf shelf-1 slot 7: disk ST4000NM0023 Z1Z0BBBB (WWN 5000c500a1b2c3d5), of which the manifest knows nothing",
    ]);
  });

  test("disks whose WWN nobody wrote down are counted, but not those of shelves", async () => {
    host = await factsHost("root", ({ disks }) => {
      at(disks, 0).enclosure = undefined;
    });
    const findings = async (disksWithoutWwn: number) => {
      const inputs = factsInputs({ expected: { disks: [], disksWithoutWwn } });
      return (await host.facts.create(inputs)).outs?.findings;
    };
    const shelfs = expect.stringContaining("Z1Z0BBBB");
    expect(await findings(0)).toEqual([
      expect.stringContaining("outside of any shelf: disk ST4000NM0023"),
      shelfs,
    ]);
    expect(await findings(1)).toEqual([shelfs]);
    expect(await findings(3)).toEqual([
      "disks: 2 of the 3 whose WWN the manifest does not tell are not there",
      shelfs,
    ]);
  });

  test("without the inventory nothing of the machine's size is kept, and all of it is judged", async () => {
    host = await factsHost("root", ({ disks }) => disks.splice(1));
    const inputs = factsInputs({ inventory: false });
    const { id, outs = {} } = await host.facts.create(inputs);
    for (const seen of [outs, (await host.facts.read(id, outs)).props ?? {}]) {
      expect(seen).not.toHaveProperty("pci");
      expect(seen).not.toHaveProperty("disks");
      expect(seen).not.toHaveProperty("memory");
      expect(seen).toMatchObject({
        hbas: [{ mode: "IT" }, { mode: "IR" }],
        versions: { pve: "9.1.2" },
        findings: [expect.stringContaining('disk "b"')],
      });
      expect((await host.facts.diff(id, seen, inputs)).changes).toBe(false);
    }
  });

  test("it is an error only where that is asked for, and never at refresh", async () => {
    host = await factsHost();
    const strict = factsInputs({ strict: true });
    const { id, outs = {} } = await host.facts.create(strict);
    host.change(({ pci }) => pci.splice(1, 2));
    const found = await host.facts.read(id, outs);
    expect(found.props?.findings).toHaveLength(1);
    expect((await host.facts.diff(id, found.props ?? {}, strict)).changes).toBe(
      false,
    );
    await expect(host.facts.update(id, outs, strict)).rejects.toThrow(
      'host "storage" is not as the manifest says: PCI 0000:01:00.0: is nothing',
    );
  });

  test("a machine without any SAS, PVE or ZFS is read too", async () => {
    host = await factsHost("root", (server) => {
      server.disks = [];
      Object.assign(server.facts, {
        pci: [],
        hbas: [],
        packages: {},
        zfs: undefined,
      });
    });
    const { outs } = await host.facts.create(
      factsInputs({ expected: undefined }),
    );
    expect(outs).toMatchObject({ findings: [], pci: [], hbas: [] });
  });
});

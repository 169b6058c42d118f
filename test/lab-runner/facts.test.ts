import { diskSpecs } from "../../lab/disks";
import { factsOf } from "../../lab/facts";
import { bootFacts } from "../../lab/host/facts";
import { bootStorage, storageTools } from "../../lab/host/storage-machine";
import { EngineWatch } from "../../providers/dynamic/engine";
import { provider } from "../../providers/host/host-facts/lifecycle";
import type { Site } from "../../site";
import { expectedOf } from "../../site/hardware/expected";
import { dualPath, load } from "../support/dev-site";
import { type TestHost, testHost } from "../support/host";
import { configured } from "../support/provider";

jest.setTimeout(120_000);

let host: TestHost;
afterEach(() => host.stop());

async function machineOf(site: Site, name: string) {
  host = await testHost({
    spec: {
      tools: storageTools,
      boot(world) {
        const disks = diskSpecs(site.hardware, name);
        bootFacts(world, factsOf(site, name, disks));
        bootStorage(world, disks);
      },
    },
  });
  const facts = configured(
    provider(new EngineWatch(undefined)),
    host.configuration,
  );
  return async () => {
    const { outs } = await facts.create({
      owner: "site/HostFacts/storage",
      host: "storage",
      name: "storage",
      expected: expectedOf(site, name),
    });
    return outs;
  };
}

test.each(["router-server", "ml110", "r630"])(
  "%s of the lab is as the manifest says",
  async (name) => {
    const look = await machineOf(load(), name);
    expect(await look()).toMatchObject({
      findings: [],
      versions: { pve: "9.1.5", zfs: "2.3.9-pve1" },
    });
  },
);

test("disks sit behind the HBA that their shelf's cable comes from, also after a boot", async () => {
  const look = await machineOf(load(), "router-server");
  for (let boots = 0; boots < 2; boots++) {
    const behind = await host.lab.control({
      do: "run",
      words: ["lsblk", "--nodeps", "--noheadings", "--output", "HCTL,WWN"],
    });
    expect(behind).toMatch(/^0:\S+ +0x5000c500a1010000$/m);
    expect(behind).toMatch(/^1:\S+ +0x5000c500a1040003$/m);
    expect(await look()).toMatchObject({
      findings: [],
      hbas: [
        { address: "0000:01:00.0", mode: "IT", firmware: "20.00.07.00" },
        { address: "0000:02:00.0", mode: "IT" },
      ],
    });
    host.lab.reboot();
  }
});

test("shelves with two paths are seen with two", async () => {
  const site = load();
  dualPath(site);
  const look = await machineOf(site, "router-server");
  expect((await look())?.findings).toEqual([]);
});

test("a pulled disk is a finding until it is back", async () => {
  const look = await machineOf(load(), "router-server");
  const disk = "0x5000c500a1010004";
  await host.lab.control({ do: "disk", fault: "pulled", disk });
  expect((await look())?.findings).toEqual([
    `shelf shelf1 slot 4: disk "shelf1:4" (WWN ${disk}) is not there`,
  ]);
  await host.lab.control({ do: "disk", fault: "back", disk });
  expect((await look())?.findings).toEqual([]);
  await expect(
    host.lab.control({
      do: "disk",
      fault: "pulled",
      disk: "0x5000c500a1019999",
    }),
  ).rejects.toThrow("No disk 0x5000c500a1019999 is in storage");
});

import { expectedOf } from "../../site/hardware/expected";
import { dualPath, load, server } from "../support/dev-site";

const gibibyte = 2 ** 30;

test("a card at a known place is expected there, and any other by each of its functions", () => {
  expect(expectedOf(load(), "router-server")?.cards).toEqual([
    hba("hba1", "0000:01:00.0"),
    hba("hba2", "0000:02:00.0"),
    { name: "wan", id: "8086:1521", address: "0000:03:00.0" },
    { name: "lan", id: "8086:15f3", address: "0000:05:00.0" },
    { name: "uplink, 1 of 2", id: "8086:1563" },
    { name: "uplink, 2 of 2", id: "8086:1563" },
    ...[1, 2, 3].map((number) => ({
      name: `qat, ${number} of 3`,
      id: "8086:37c8",
      subsystemId: "8086:0002",
    })),
  ]);
});

function hba(name: string, address: string) {
  return { name, id: "1000:0087", subsystemId: "1000:3040", address };
}

test("a path that tells the function is taken as it is, and an unknown card is not judged", () => {
  const site = load();
  const { cards } = server(site);
  cards.splice(0, cards.length, {
    name: "wan",
    model: "i350-t4",
    path: "0000:03:00.2",
  });
  cards.push({ name: "odd", model: "nobody-knows" });
  expect(expectedOf(site, "router-server")?.cards).toEqual([
    { name: "wan", id: "8086:1521", address: "0000:03:00.2" },
  ]);
});

test("memory is expected module by module, and not where the manifest tells of none", () => {
  const site = load();
  const modules = { sizeBytes: 4 * gibibyte, kind: "RDIMM", ecc: true };
  expect(expectedOf(site, "router-server")?.memory).toEqual(
    Array.from({ length: 8 }, () => modules),
  );
  server(site).modules = [
    { count: 1, size: 8 * gibibyte, type: "UDIMM", ecc: false },
    { count: 1, size: 4 * gibibyte, type: "UDIMM", ecc: true },
  ];
  expect(expectedOf(site, "router-server")?.memory).toEqual([
    { sizeBytes: 8 * gibibyte, kind: "UDIMM", ecc: false },
    { sizeBytes: 4 * gibibyte, kind: "UDIMM", ecc: true },
  ]);
  server(site).modules = undefined;
  expect(expectedOf(site, "router-server")).not.toHaveProperty("memory");
});

test("a host sees the disks of the shelves at its cables, with their paths, and its own", () => {
  const site = load();
  const [own] = server(site).disks;
  if (own) own.wwn = "0x5002538000000001";
  const { disks = [], disksWithoutWwn } =
    expectedOf(site, "router-server") ?? {};
  expect(disks).toHaveLength(19);
  expect(disks).toContainEqual({
    name: "shelf1:4",
    wwn: "0x5000c500a1010004",
    paths: 1,
  });
  expect(disks).toContainEqual({
    name: "router-server:ssd0",
    wwn: "0x5002538000000001",
  });
  expect(disksWithoutWwn).toBe(1);
  expect(expectedOf(site, "ml110")).toMatchObject({
    disks: [],
    disksWithoutWwn: 2,
  });

  dualPath(site);
  expect(expectedOf(site, "router-server")?.disks).toContainEqual({
    name: "shelf4:3",
    wwn: "0x5000c500a1040003",
    paths: 2,
  });
});

test("of a host without any disk in the manifest, disks are not judged", () => {
  const site = load();
  for (const host of site.hardware.hosts) host.disks = [];
  expect(expectedOf(site, "ml110")).not.toHaveProperty("disks");
  expect(expectedOf(site, "nobody")).toBeUndefined();
});

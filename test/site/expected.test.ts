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
  const ports = [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ];
  return { name, id: "1000:0087", subsystemId: "1000:3040", address, ports };
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
    enclosure: "shelf1",
    slot: 4,
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
    enclosure: "shelf4",
    slot: 3,
  });
});

test("of a host without any disk in the manifest, disks are not judged", () => {
  const site = load();
  for (const host of site.hardware.hosts) host.disks = [];
  expect(expectedOf(site, "ml110")).not.toHaveProperty("disks");
  expect(expectedOf(site, "nobody")).toBeUndefined();
});

test("shelves are expected at the ports that their cables come from, through others too", () => {
  const site = load();
  const shelves = () => expectedOf(site, "router-server")?.enclosures;
  expect(shelves()).toEqual([
    { name: "shelf1", ways: [{ card: "hba1", port: 0 }] },
    { name: "shelf2", ways: [{ card: "hba1", port: 1 }] },
    { name: "shelf3", ways: [{ card: "hba2", port: 0 }] },
    { name: "shelf4", ways: [{ card: "hba2", port: 1 }] },
  ]);
  dualPath(site);
  const [first] = site.hardware.shelves;
  if (first) first.logicalId = "0x500304801f2b3c3f";
  expect(shelves()?.[0]).toEqual({
    name: "shelf1",
    id: "0x500304801f2b3c3f",
    ways: [
      { card: "hba1", port: 0 },
      { card: "hba2", port: 0 },
    ],
  });
});

test("a host without an adapter is not judged by shelves, and cables of an unknown one are not compared", () => {
  const site = load();
  expect(expectedOf(site, "ml110")).not.toHaveProperty("enclosures");
  for (const card of server(site).cards)
    if (card.name === "hba1") card.model = "nobody-knows";
  expect(expectedOf(site, "router-server")?.enclosures).toEqual([
    { name: "shelf1" },
    { name: "shelf2" },
    { name: "shelf3", ways: [{ card: "hba2", port: 0 }] },
    { name: "shelf4", ways: [{ card: "hba2", port: 1 }] },
  ]);
});

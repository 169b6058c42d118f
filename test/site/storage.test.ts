import {
  clocksOf,
  datasetsOf,
  exportsOf,
  hostNamesOf,
  loadSite,
  mountpointOf,
  mountsOf,
  multipathOf,
  poolCareOf,
  poolsOf,
  powerOf,
  resolversOf,
  type Site,
  storageClassesOf,
} from "../../site";
import { reservedIn, roomOf } from "../../site/storage";

const load = () => loadSite("environments/dev.yaml");
const storageOf = (site: Site) => site.storage as NonNullable<Site["storage"]>;

test("a pool's disks are named by what lasts: a WWN, and the map of two paths", () => {
  const site = load();
  const labels = [1, 2, 3, 4].flatMap((shelf) => [
    [disk(shelf, 2), `shelf${shelf}:2`],
    [disk(shelf, 3), `shelf${shelf}:3`],
  ]);
  expect(poolsOf(site)[0]).toEqual({
    labels: Object.fromEntries(labels),
    host: "router-server",
    name: "fast",
    ashift: 12,
    vdevs: [
      { type: "mirror", disks: [disk(1, 2), disk(2, 2)] },
      { type: "mirror", disks: [disk(3, 2), disk(4, 2)] },
      { type: "mirror", disks: [disk(2, 3), disk(3, 3)] },
      { type: "mirror", disks: [disk(4, 3), disk(1, 3)] },
    ],
    spares: [],
    properties: { autotrim: true },
    dataset: {
      compression: "lz4",
      atime: false,
      xattr: "sa",
      // Debian's own job, beside the schedule of the manifest.
      "org.debian:periodic-scrub": "disable",
    },
  });
  expect(poolsOf(site)[1]?.spares).toEqual([disk(1, 4), disk(3, 4)]);
  expect(multipathOf(site)).toEqual([]);

  const [shelf] = site.hardware.shelves;
  if (shelf) shelf.paths = 2;
  expect(poolsOf(site)[0]?.vdevs[0]?.disks).toEqual([
    "/dev/mapper/35000c500a1010002",
    disk(2, 2),
  ]);
  expect(multipathOf(site)).toEqual([
    {
      host: "router-server",
      wwids: [2, 3, 0, 1, 4].map((bay) => `35000c500a101000${bay}`),
    },
  ]);
});

function disk(shelf: number, bay: number): string {
  return `/dev/disk/by-id/wwn-0x5000c500a10${shelf}000${bay}`;
}

test("a vdev of another class says so, and an ordinary one does not", () => {
  const site = load();
  const [pool] = storageOf(site).pools;
  pool?.vdevs.push({
    type: "mirror",
    class: "special",
    disks: [
      { holder: "shelf1", name: "4" },
      { holder: "shelf3", name: "4" },
    ],
  });
  expect(poolsOf(site)[0]?.vdevs.at(-1)).toEqual({
    type: "mirror",
    class: "special",
    disks: [disk(1, 4), disk(3, 4)],
  });
  expect(poolsOf(site)[0]?.vdevs[0]).not.toHaveProperty("class");
});

test("what is to be replaced, added, taken over or destroyed is said with the disks' lasting names", () => {
  const site = load();
  const [pool] = storageOf(site).pools;
  const place = (shelf: number, name: string) => ({
    holder: `shelf${shelf}`,
    name,
  });
  Object.assign(pool ?? {}, {
    replace: [
      { old: place(1, "4"), new: place(1, "2") },
      { old: "0x5000c500a1ffffff", new: place(2, "2") },
    ],
    add: [place(4, "3"), place(1, "3")],
    adopt: { guid: "15" },
    destroy: { guid: "16" },
  });
  expect(poolsOf(site)[0]).toMatchObject({
    replace: [
      { old: disk(1, 4), new: disk(1, 2) },
      { old: "/dev/disk/by-id/wwn-0x5000c500a1ffffff", new: disk(2, 2) },
    ],
    add: [disk(4, 3), disk(1, 3)],
    adopt: { guid: "15" },
    destroy: { guid: "16" },
  });
  // With the pool come the datasets that it has.
  const taken = datasetsOf(site).filter(({ adopt }) => adopt);
  expect(new Set(taken.map((dataset) => dataset.pool))).toEqual(
    new Set([pool?.name]),
  );

  const shelves = site.hardware.shelves;
  for (const shelf of shelves) shelf.paths = 2;
  expect(poolsOf(site)[0]?.replace?.[1]?.old).toBe(
    "/dev/mapper/35000c500a1ffffff",
  );
  // The one that leaves has its map until it has left.
  expect(multipathOf(site)[0]?.wwids).toContain("35000c500a1010004");
});

test("the host is told how much memory the cache may take, whom to mail and when to scrub", () => {
  const site = load();
  expect(poolCareOf(site)).toEqual([
    {
      host: "router-server",
      arcMax: 16 * 2 ** 30,
      scrubs: [
        { pool: "fast", schedule: "Sat 02:00" },
        { pool: "tank", schedule: "Sun 02:00" },
      ],
    },
  ]);
  storageOf(site).mailTo = "ops@example.net";
  storageOf(site).arcMax = {};
  expect(poolCareOf(site)).toMatchObject([{ mailTo: "ops@example.net" }]);
  expect(poolCareOf(site)[0]).not.toHaveProperty("arcMax");
});

test("datasets come after what they lie in, with their properties as ZFS says them", () => {
  const site = load();
  storageOf(site).datasets.reverse();
  const plans = datasetsOf(site);
  const place = (name: string) =>
    plans.findIndex(({ dataset }) => dataset === name);
  expect(place("tank/shares/media")).toBeGreaterThan(place("tank/shares"));
  expect(plans[place("tank/shares")]).toEqual({
    host: "router-server",
    name: "tank-shares",
    dataset: "tank/shares",
    pool: "tank",
    type: "filesystem",
    properties: {
      recordsize: "1048576",
      acltype: "posix",
      quota: `${10 * 2 ** 40}`,
    },
    snapshots: { schedule: "daily", keep: 30 },
  });
  expect(plans[place("tank/shares/media")]).toMatchObject({
    parent: "tank/shares",
    properties: { recordsize: "1048576" },
  });
});

test("a dataset with a size is a volume, and a switch is on or off", () => {
  const site = load();
  storageOf(site).datasets = [
    { name: "fast/lun0", volume: 2 ** 30, properties: { sync: "always" } },
    { name: "fast/a-b", properties: { atime: true } },
    { name: "fast/a", properties: { atime: false } },
    { name: "fast/a/b" },
  ];
  const plans = datasetsOf(site);
  expect(plans[0]).toMatchObject({
    type: "volume",
    volsize: 2 ** 30,
    properties: { sync: "always" },
  });
  expect(plans.map(({ properties }) => properties.atime)).toEqual([
    undefined,
    "on",
    "off",
    undefined,
  ]);
  // A hyphen in a name is not the slash of another.
  expect(new Set(plans.map(({ name }) => name)).size).toBe(4);
});

test("exports name addresses: of a host in the storage network, of a guest, of a network all", () => {
  const [plan, ...others] = exportsOf(load());
  expect(others).toEqual([]);
  expect(plan).toMatchObject({ host: "router-server", server: "10.10.20.10" });
  const entry = (dataset: string) =>
    plan?.entries.find((item) => item.dataset === dataset);
  expect(entry("fast/vm-ml110")).toEqual({
    path: "/fast/vm-ml110",
    dataset: "fast/vm-ml110",
    clients: ["10.10.20.11"],
    access: "rw",
    sync: true,
    squash: "none",
  });
  expect(entry("fast/kubernetes")?.clients).toEqual(["10.10.60.10"]);
  expect(entry("tank/shares/media")).toMatchObject({
    clients: ["10.10.30.0/24"],
    access: "ro",
    squash: "root",
  });
});

test("a path follows the mountpoint of what it lies in", () => {
  const site = load();
  const shares = storageOf(site).datasets.find(
    ({ name }) => name === "tank/shares",
  );
  if (shares) shares.properties = { mountpoint: "/srv/shares" };
  expect(mountpointOf(site, "tank/shares/media")).toBe("/srv/shares/media");
  expect(exportsOf(site)[0]?.entries.map(({ path }) => path)).toContain(
    "/srv/shares/media",
  );
});

test("hosts mount from the storage network, one for each that stands alone and one a cluster", () => {
  const site = load();
  const before = mountsOf(site);
  expect(before).toHaveLength(4);
  expect(before[0]).toEqual({
    host: "ml110",
    name: "fast-nfs",
    dataset: "fast/vm-ml110",
    servedBy: "router-server",
    server: "10.10.20.10",
    export: "/fast/vm-ml110",
    content: ["images", "rootdir"],
  });

  for (const host of site.proxmox.hosts.slice(1)) host.cluster = "compute";
  const [mount] = storageOf(site).mounts;
  if (mount) mount.hosts = ["ml110", "r630"];
  expect(mountsOf(site)[0]).toMatchObject({
    host: "ml110",
    nodes: ["ml110", "r630"],
  });
});

test("a storage class says where the provisioner mounts", () => {
  expect(storageClassesOf(load())).toEqual([
    {
      name: "fast",
      server: "10.10.20.10",
      path: "/fast/kubernetes",
      mountOptions: ["hard", "nfsvers=4.2"],
      reclaimPolicy: "Retain",
      isDefault: true,
    },
  ]);
});

test("machines go down in the order in which they came, backwards, unless it is said", () => {
  const site = load();
  const shelves = ["shelf1", "shelf2", "shelf3", "shelf4"];
  const plan = powerOf(site);
  expect(plan.start).toEqual([
    { hosts: [], shelves, waitSeconds: 60 },
    { hosts: ["router-server"], shelves: [], waitSeconds: 300 },
    { hosts: ["ml110", "r630"], shelves: [], waitSeconds: 300 },
  ]);
  expect(plan.shutdown).toEqual([...plan.start].reverse());
  expect(plan.batteries).toMatchObject([
    { name: "ups1", shutdownAfterSeconds: 300, runtimeSeconds: 1_200 },
  ]);
  expect(plan.guestDelaySeconds).toEqual({ ml110: 120, r630: 120 });

  if (site.power) site.power.shutdown = [{ machines: ["r630"], wait: 1_000 }];
  expect(powerOf(site).shutdown).toEqual([
    { hosts: ["r630"], shelves: [], waitSeconds: 1 },
  ]);
});

test("hosts know each other's names and their own time without the router", () => {
  const site = load();
  expect(hostNamesOf(site).slice(0, 3)).toEqual([
    {
      address: "10.10.10.10",
      names: ["router-server.dev.example.net", "router-server"],
    },
    {
      address: "10.10.20.10",
      names: ["router-server-storage.dev.example.net", "router-server-storage"],
    },
    {
      address: "10.10.10.110",
      names: ["router-server-bmc.dev.example.net", "router-server-bmc"],
    },
  ]);
  expect(clocksOf(site)).toEqual([
    {
      host: "router-server",
      zone: "America/New_York",
      sources: ["time.cloudflare.com", "time.nist.gov"],
      serves: ["10.10.10.0/24", "10.10.20.0/24"],
    },
    ...["ml110", "r630"].map((host) => ({
      host,
      zone: "America/New_York",
      sources: ["10.10.10.10"],
      serves: [],
    })),
  ]);
  expect(resolversOf(site)).toEqual({
    servers: ["10.10.10.1", "9.9.9.9"],
    search: ["dev.example.net"],
  });
  if (site.dns) site.dns.records = [{ name: "nas", address: "10.10.20.10" }];
  expect(hostNamesOf(site).at(-1)).toEqual({
    address: "10.10.20.10",
    names: ["nas.dev.example.net", "nas"],
  });
});

test("servers of the time ask each other too: cut off, they stay together", () => {
  const site = load();
  site.time?.servers.push("r630");
  const sources = clocksOf(site).map(({ host, sources: all }) => [host, all]);
  const upstream = ["time.cloudflare.com", "time.nist.gov"];
  expect(sources).toEqual([
    ["router-server", [...upstream, "10.10.10.12"]],
    ["ml110", ["10.10.10.10", "10.10.10.12"]],
    ["r630", [...upstream, "10.10.10.10"]],
  ]);
});

test("a node that is called otherwise than its machine finds itself by its name", () => {
  const site = load();
  Object.assign(site.proxmox.hosts[2] ?? {}, { node: "pve3" });
  const names = hostNamesOf(site);
  const own = names.filter((entry) => entry.names.includes("pve3"));
  expect(own).toEqual([
    { address: "10.10.10.12", names: ["pve3.dev.example.net", "pve3"] },
  ]);
  expect(names.some((entry) => entry.names.includes("r630"))).toBe(true);
  expect(names).toHaveLength(hostNamesOf(load()).length + 1);
});

test("a site without the areas has nothing of them", () => {
  const site = load();
  delete site.storage;
  delete site.power;
  delete site.time;
  delete site.dns;
  for (const derive of [
    poolsOf,
    multipathOf,
    poolCareOf,
    datasetsOf,
    exportsOf,
    mountsOf,
    storageClassesOf,
    clocksOf,
  ])
    expect(derive(site)).toEqual([]);
  expect(powerOf(site)).toMatchObject({ start: [], shutdown: [] });
  expect(resolversOf(site)).toBeUndefined();
});

test("what a pool has room for, and what its datasets keep from others", () => {
  const site = load();
  const { pools, datasets } = storageOf(site);
  const [fast, tank] = pools;
  expect(fast && roomOf(site, fast)).toBe(8e12);
  // Two of eight are parity.
  expect(tank && roomOf(site, tank)).toBe(24e12);
  const dataset = (name: string, changes: object) => ({
    ...(datasets[0] as (typeof datasets)[number]),
    name,
    ...changes,
  });
  expect(
    reservedIn(
      [
        dataset("tank/a", { reservation: 10 }),
        dataset("tank/a/b", { reservation: 4 }),
        dataset("tank/a/c", { volume: 5 }),
        dataset("tank/d", {}),
        dataset("tank/d/e", { reservation: 3 }),
        dataset("fast/f", { reservation: 100 }),
      ],
      "tank",
    ),
  ).toBe(13);
});

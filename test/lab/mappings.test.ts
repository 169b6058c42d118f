import { type Pve, startPve } from "../support/pve";

let pve: Pve;
beforeAll(async () => {
  pve = await startPve();
});
afterAll(() => pve.stop());

const pci = "/cluster/mapping/pci";
const wan =
  "id=8086:1521,iommugroup=14,node=alpha,path=0000:01:00.0,subsystem-id=8086:0002";

interface Checked {
  id: string;
  checks: { severity: string; message: string }[];
}

test("a node lists its cards without bridges, memory and processors", async () => {
  const { data } = await pve.send("GET", "/nodes/alpha/hardware/pci");
  expect(data).toMatchObject([
    {
      id: "0000:01:00.0",
      class: "0x020000",
      vendor: "0x8086",
      device: "0x1521",
      iommugroup: 14,
      subsystem_vendor: "0x8086",
      subsystem_device: "0x0002",
      device_name: "I350 Gigabit Network Connection",
    },
    { id: "0000:01:00.1" },
    { id: "0000:08:00.0", iommugroup: -1 },
  ]);
  const all = await pve.send<unknown[]>("GET", "/nodes/alpha/hardware/pci", {
    "pci-class-blacklist": ";",
    verbose: 0,
  });
  expect(all.data).toEqual([
    { id: "0000:01:00.0" },
    { id: "0000:01:00.1" },
    { id: "0000:08:00.0" },
    { id: "0000:00:01.0" },
  ]);
  const usb = await pve.send("GET", "/nodes/alpha/hardware/usb");
  expect(usb.data).toMatchObject([{ vendid: "1050", prodid: "0407" }]);
});

test("a mapping is made, read, changed by digest and removed", async () => {
  const made = await pve.send("POST", pci, {
    id: "wan",
    map: [wan, wan.replace("alpha", "beta")],
    description: "card",
  });
  expect([made.status, made.data]).toEqual([200, null]);
  const { data } = await pve.send<{ digest: string }>("GET", `${pci}/wan`);
  expect(data).toMatchObject({
    description: "card",
    map: [wan, wan.replace("alpha", "beta")],
  });
  const put = (params: Record<string, string>) =>
    pve.send("PUT", `${pci}/wan`, { map: wan, ...params });
  expect((await put({ digest: "0" })).reason).toContain(
    "detected modified configuration",
  );
  expect(
    (await put({ digest: data.digest, delete: "description" })).status,
  ).toBe(200);
  const { data: after } = await pve.send("GET", `${pci}/wan`);
  expect(after).toMatchObject({ map: [wan] });
  expect(after).not.toHaveProperty("description");
  await pve.send("DELETE", `${pci}/wan`);
  expect((await pve.send("GET", `${pci}/wan`)).reason).toBe(
    "mapping 'wan' not found",
  );
});

test.each([
  ["right", wan, undefined],
  ["vendor", wan.replace("8086:1521", "8086:1533"), "'id' does not match"],
  ["group", wan.replace("=14", "=15"), "'iommugroup' does not match"],
  [
    "groupless",
    wan.replace("iommugroup=14,", ""),
    "missing expected property 'iommugroup'",
  ],
  [
    "slot",
    wan.replace("01:00.0", "09:00.0"),
    "pci device '0000:09:00.0' not found",
  ],
  ["whole", wan.replace("01:00.0", "01:00"), undefined],
  ["away", wan.replace("alpha", "beta"), "No mapping for node alpha"],
])("a check on a node says what is wrong with %s", async (id, map, why) => {
  expect((await pve.send("POST", pci, { id, map })).status).toBe(200);
  const { data } = await pve.send<Checked[]>("GET", pci, {
    "check-node": "alpha",
  });
  const messages = data.find((item) => item.id === id)?.checks ?? [];
  expect(messages.map(({ message }) => message)).toEqual(
    why === undefined ? [] : [expect.stringContaining(why)],
  );
});

test("a card without an IOMMU group is expected without one, and a description loses its outer blanks", async () => {
  const bare = "id=8086:1521,node=alpha,path=0000:08:00.0";
  const description = "  spare ";
  await pve.send("POST", pci, { id: "bare", map: bare, description });
  const grouped = `${bare},iommugroup=3`;
  await pve.send("POST", pci, { id: "grouped", map: grouped });
  const { data } = await pve.send<Checked[]>("GET", pci, {
    "check-node": "alpha",
  });
  const one = (id: string) => data.find((item) => item.id === id);
  expect(one("bare")).toMatchObject({ description: "spare", checks: [] });
  expect(one("grouped")?.checks[0]?.message).toContain(
    "unexpected property 'iommugroup' configured",
  );
});

test("a USB device is mapped by its id, or by its place too", async () => {
  const usb = "/cluster/mapping/usb";
  await pve.send("POST", usb, { id: "key", map: "id=1050:0407,node=alpha" });
  await pve.send("POST", usb, {
    id: "place",
    map: "id=1050:0407,node=alpha,path=1-9",
  });
  const { data } = await pve.send<Checked[]>("GET", usb, {
    "check-node": "localhost",
  });
  expect(data).toMatchObject([
    { id: "key", checks: [] },
    {
      id: "place",
      checks: [
        { message: "Invalid configuration: usb device '1-9' not found\n" },
      ],
    },
  ]);
});

test.each([
  ["POST", pci, { id: "x", map: wan }, 400, "invalid format"],
  ["POST", pci, { id: "new" }, 400, "property is missing"],
  ["POST", pci, { map: wan }, 400, "property is missing"],
  [
    "POST",
    pci,
    { id: "new", map: "node=alpha,path=0000:01:00.0" },
    400,
    "id: property is missing",
  ],
  [
    "POST",
    pci,
    { id: "new", map: `${wan},colour=red` },
    400,
    "colour: property is not defined",
  ],
  [
    "POST",
    pci,
    { id: "new", map: wan.replace("0000:", "") },
    400,
    "path: value does not match",
  ],
  [
    "POST",
    pci,
    { id: "right", map: wan },
    500,
    "pci ID 'right' already defined",
  ],
  ["PUT", `${pci}/gone`, { map: wan }, 500, "pci ID 'gone' does not exist"],
  [
    "PUT",
    `${pci}/right`,
    { description: "x" },
    500,
    "missing value for required option 'map'",
  ],
  [
    "PUT",
    `${pci}/right`,
    { map: wan, delete: "map" },
    500,
    "unable to delete required option 'map'",
  ],
  [
    "PUT",
    `${pci}/right`,
    { map: wan, delete: "colour" },
    500,
    "no such option 'colour'",
  ],
  [
    "PUT",
    `${pci}/right`,
    { map: wan, delete: "description", description: "x" },
    500,
    "cannot set and delete property 'description' at the same time!",
  ],
  [
    "POST",
    pci,
    { id: "new", map: wan, description: "two\nlines" },
    500,
    "create hardware mapping failed: property 'description' contains a line feed",
  ],
  [
    "PUT",
    `${pci}/right`,
    { map: wan, description: "two\nlines" },
    500,
    "update hardware mapping failed: property 'description' contains a line feed",
  ],
  [
    "POST",
    pci,
    { id: "new", map: wan, description: "x".repeat(4097) },
    400,
    "may only be 4096 characters long",
  ],
  [
    "GET",
    pci,
    { "check-node": "nowhere" },
    500,
    "hostname lookup 'nowhere' failed",
  ],
  [
    "POST",
    "/cluster/mapping/usb",
    { id: "new", map: wan },
    400,
    "iommugroup: property is not defined",
  ],
  ["GET", "/cluster/mapping/dir", {}, 501, "not implemented"],
] as const)(
  "%s %s with %o is refused",
  async (method, path, params, status, why) => {
    const reply = await pve.send(
      method,
      path,
      params as Record<string, string>,
    );
    expect(reply.status).toBe(status);
    expect(reply.reason + JSON.stringify(reply.errors)).toContain(why);
  },
);

test("without Mapping.Modify nothing is made, without any Mapping nothing seen", async () => {
  const options = { node: "solo" };
  pve.control({ do: "revoke", node: "solo", privilege: "Mapping.Modify" });
  const refused = await pve.send("POST", pci, { id: "new", map: wan }, options);
  expect([refused.status, refused.reason]).toEqual([
    403,
    "Permission check failed (/mapping/pci, Mapping.Modify)",
  ]);
});

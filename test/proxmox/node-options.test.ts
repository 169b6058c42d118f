import { schema } from "../../providers/proxmox/node-options/model";
import {
  optionRows as changes,
  configPath,
  optionInputs as declared,
  delayKey,
  hostOptions,
  timePath,
} from "../support/node-options";
import { nodeOptionsOf, type Provider } from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

type Values = Record<string, unknown>;

let lab: TestLab;
let options: Provider;

beforeEach(async () => {
  lab = await testLab();
  options = nodeOptionsOf(lab);
});
afterEach(() => lab.stop());

const { request, device, create, isQuiet } = hostOptions(
  () => lab,
  () => options,
);
const writes = () => lab.requests().filter((line) => !line.startsWith("GET"));

test("both are set, what stood before is recorded, and then it is quiet", async () => {
  await request("PUT", configPath, { [delayKey]: 10, description: "theirs" });
  await request("PUT", timePath, { timezone: "Europe/Rome" });
  const { id, props } = await create();
  expect([id, props.before]).toEqual([
    "pve",
    { startDelay: 10, timezone: "Europe/Rome" },
  ]);
  expect(await device()).toEqual([120, "America/New_York"]);
  expect(await isQuiet(id, props, declared())).toBe(true);
  lab.requests();
  await options.update(id, props, declared());
  expect(writes()).toEqual([]);
  await options.delete(id, props);
  expect(await device()).toEqual([10, "Europe/Rome"]);
  expect(await request("GET", configPath)).toMatchObject({
    description: "theirs\n",
  });
});

test("a delay that was not set is unset again", async () => {
  const { id, props } = await create();
  expect(props.before).toEqual({ startDelay: 0, timezone: "Etc/UTC" });
  await options.delete(id, props);
  expect(await device()).toEqual([undefined, "Etc/UTC"]);
});

test.each([
  ["startDelay", configPath],
  ["timezone", timePath],
])("of %s alone nothing else is looked at or put back", async (key, path) => {
  const inputs = declared({ startDelay: undefined, timezone: undefined });
  inputs[key] = declared()[key];
  lab.requests();
  const { id, props } = await create(inputs);
  expect(Object.keys(props.before as Values)).toEqual([key]);
  expect(await isQuiet(id, props, inputs)).toBe(true);
  await options.delete(id, props);
  expect(lab.requests().every((line) => line.endsWith(path))).toBe(true);
});

test.each(Object.keys(changes))(
  "a change of %s is seen, made and then quiet",
  async (key) => {
    const [value, expected, replaces] = changes[key] ?? [];
    const { id, props } = await create();
    const news = declared({ [key]: value });
    expect(await options.diff(id, props, news)).toMatchObject({
      changes: true,
      replaces,
    });
    if (replaces?.length) return;
    const { outs = {} } = await options.update(id, props, news);
    expect(await device()).toEqual(expected);
    expect(await isQuiet(id, outs, news)).toBe(true);
    expect(outs.before).toEqual(props.before);
  },
);

test("the table above has a row for each input", () => {
  expect(Object.keys(changes).sort()).toEqual(Object.keys(schema.shape).sort());
});

test.each([
  ["startDelay", configPath, { [delayKey]: 60 }, 60],
  ["startDelay", configPath, { delete: delayKey }, 0],
  ["timezone", timePath, { timezone: "Europe/Rome" }, "Europe/Rome"],
])(
  "drift of %s is read, and mended by the next update",
  async (key, path, params, value) => {
    const { id, props } = await create();
    await request("PUT", path, params);
    const { props: found = {} } = await options.read(id, props);
    expect(found[key]).toBe(value);
    expect((await options.diff(id, found, declared())).changes).toBe(true);
    const { outs = {} } = await options.update(id, found, declared());
    expect(await device()).toEqual([120, "America/New_York"]);
    expect(outs.before).toEqual(props.before);
    expect(await isQuiet(id, outs, declared())).toBe(true);
  },
);

test("drift of what is not declared is nobody's business", async () => {
  const inputs = declared({ startDelay: undefined });
  const { id, props } = await create(inputs);
  await request("PUT", configPath, { [delayKey]: 60, description: "theirs" });
  expect(await isQuiet(id, props, inputs)).toBe(true);
  await options.update(id, props, inputs);
  await options.delete(id, props);
  expect(await device()).toEqual([60, "Etc/UTC"]);
});

test("one that is no longer declared is put back at once, one that is new is recorded", async () => {
  await request("PUT", configPath, { [delayKey]: 10 });
  const only = (key: string) => {
    const all = declared();
    return {
      ...all,
      startDelay: undefined,
      timezone: undefined,
      [key]: all[key],
    };
  };
  const { id, props } = await create(only("startDelay"));
  const { outs = {} } = await options.update(id, props, only("timezone"));
  expect(await device()).toEqual([10, "America/New_York"]);
  expect(outs.before).toEqual({ timezone: "Etc/UTC" });
  await options.delete(id, outs);
  expect(await device()).toEqual([10, "Etc/UTC"]);
});

test.each(["create", "update", "delete"] as const)(
  "a lost reply in %s is settled by looking, and what stood before is still known",
  async (verb) => {
    await request("PUT", configPath, { [delayKey]: 10 });
    const lose = () => {
      for (const match of [`PUT ${configPath}`, `PUT ${timePath}`])
        lab.control({
          do: "fault",
          fault: { kind: "error-after", match, count: 1 },
        });
    };
    if (verb === "create") lose();
    const { id, props } = await create();
    expect(props.before).toEqual({ startDelay: 10, timezone: "Etc/UTC" });
    const news = declared({ startDelay: 60, timezone: "Europe/Rome" });
    if (verb === "update") lose();
    const { outs = {} } = await options.update(id, props, news);
    expect(await device()).toEqual([60, "Europe/Rome"]);
    if (verb === "delete") lose();
    lab.requests();
    await options.delete(id, outs);
    expect(writes()).toHaveLength(2);
    expect(await device()).toEqual([10, "Etc/UTC"]);
  },
);

test("a crash before the state was written loses what stood before: what is there is left at deletion", async () => {
  await create();
  lab.requests();
  const { id, props } = await create();
  expect(writes()).toEqual([]);
  expect(props.before).toEqual({
    startDelay: 120,
    timezone: "America/New_York",
  });
  await options.delete(id, props);
  expect(await device()).toEqual([120, "America/New_York"]);
});

test("what stood before is recorded when only the first was set, and the next update goes on", async () => {
  const inputs = declared({ timezone: "Mars/Olympus" });
  const error = await create(inputs).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    message: expect.stringMatching(
      /^Unable to create NodeOptions "pve": .*No such timezone/s,
    ),
    id: "pve",
    properties: { before: { startDelay: 0, timezone: "Etc/UTC" } },
  });
  expect(await device()).toEqual([120, "Etc/UTC"]);
  const { properties } = error as { properties: Values };
  const { outs = {} } = await options.update("pve", properties, declared());
  expect(await device()).toEqual([120, "America/New_York"]);
  await options.delete("pve", outs);
  expect(await device()).toEqual([undefined, "Etc/UTC"]);
});

test("a change that somebody makes between our look and our write is kept", async () => {
  await request("PUT", configPath, { description: "first" });
  lab.control({
    do: "fault",
    fault: { kind: "latency", match: `PUT ${configPath}`, count: 1, ms: 500 },
  });
  lab.requests();
  const creation = create();
  while (!lab.requests().includes(`PUT ${configPath}`))
    await new Promise((resolve) => setTimeout(resolve, 10));
  await request("PUT", configPath, { description: "theirs" });
  await creation;
  expect(await request("GET", configPath)).toMatchObject({
    [delayKey]: 120,
    description: "theirs\n",
  });
  const sent = lab.requests().filter((line) => line === `PUT ${configPath}`);
  // Theirs, and our second one.
  expect(sent).toHaveLength(2);
});

test("another node of the cluster is reached through its host", async () => {
  await create(declared({ host: "left", node: "right" }));
  const session = lab.session(undefined, "left");
  const look = (node: string) =>
    session.request<Values>("GET", `/nodes/${node}/time`);
  expect((await look("right")).timezone).toBe("America/New_York");
  expect((await look("left")).timezone).toBe("Etc/UTC");
});

test.each([
  [{ startDelay: 301 }, "at most 300"],
  [{ startDelay: 1.5 }, "int"],
  [{ timezone: "local time" }, "must be a zone like America/New_York"],
  [{ startDelay: undefined, timezone: undefined }, "must declare startDelay"],
])("the inputs %o are refused", async (changed, why) => {
  const { failures = [] } = await options.check({}, declared(changed));
  expect(failures.map(({ reason }) => reason).join()).toContain(why);
});

test("a missing privilege is told with its path", async () => {
  lab.control({ do: "revoke", node: "pve", privilege: "Sys.Modify" });
  await expect(create()).rejects.toThrow("(/, Sys.Modify)");
});

import { setTimeout as sleep } from "node:timers/promises";
import { UbusClient } from "../../providers/openwrt/client";
import {
  password,
  type SiteInputs,
  site,
  type TestRouter,
  testRouter,
  withOption,
} from "../support/openwrt";

type Values = Record<string, unknown>;

const verify = { window: 15 };
const good = site({ verify });
const files = ["network", "firewall", "dhcp", "mwan3", "system"];
const seconds = 90_000;

let lab: TestRouter;
let id: string;
let props: Values;

beforeEach(async () => {
  lab = await testRouter();
  const made = await lab.router.create(good);
  id = made.id;
  props = made.outs ?? {};
  lab.calls();
}, seconds);
afterEach(() => lab.stop());

const contents = () => files.map((name) => lab.file(name));
const update = (news: SiteInputs) => lab.router.update(id, props, news);

/** Nothing is staged for whoever logs in next, and nothing waits for a confirmation. */
async function isClean(): Promise<boolean> {
  const { url, fingerprint } = lab.lab.endpoint;
  const client = new UbusClient(
    "router",
    { url, fingerprints: [fingerprint] },
    { username: "hybrid-site", password },
  );
  const signal = AbortSignal.timeout(10_000);
  const session = await client.login(signal, 60);
  const [changes, confirm] = await session.send(
    [
      { object: "uci", method: "changes" },
      { object: "uci", method: "confirm" },
    ],
    signal,
  );
  await client.close();
  return (
    Object.keys((changes?.data.changes ?? {}) as object).length === 0 &&
    confirm?.code === 5
  );
}

async function works(): Promise<void> {
  lab.control({ do: "clear-faults" });
  const news = withOption(good, "dhcp", "guests", { leasetime: "1h" });
  const { outs = {} } = await update(news);
  const found = await lab.router.read(id, outs);
  expect((await lab.router.diff(id, found.props ?? {}, news)).changes).toBe(
    false,
  );
}

const cut = withOption(good, "network", "vlan10", { ports: ["eth3:t"] });
const closed = withOption(good, "firewall", "zone_management", {
  input: "DROP",
});
const elsewhere = withOption(good, "network", "wan1", { device: "eth3" });
const renumbered = withOption(good, "network", "guests", {
  ipaddr: ["10.0.31.1/24"],
});

test.each<[string, SiteInputs, () => void, RegExp]>([
  [
    "the management VLAN is cut",
    cut,
    () => undefined,
    /does not answer on its management address/,
  ],
  [
    "the firewall lets no administrator in",
    closed,
    () => undefined,
    /does not answer on its management address/,
  ],
  [
    "a line dies",
    elsewhere,
    () => lab.control({ do: "wan", device: "eth3", state: "dead" }),
    /interface "wan1" is not up; line "wan1", which answered before, does not answer any more/,
  ],
  [
    "an interface fails",
    renumbered,
    () =>
      lab.control({
        do: "fault",
        fault: { kind: "interface-fails", match: "guests" },
      }),
    /interface "guests" has errors \(static: SETUP_FAILED\)/,
  ],
  [
    "the path is frozen for longer than the window",
    renumbered,
    () =>
      lab.control({
        do: "fault",
        fault: {
          kind: "frozen",
          match: "network.interface dump",
          ms: 17_000,
          count: 1,
        },
      }),
    /does not answer on its management address/,
  ],
  [
    "the session expires in the window",
    renumbered,
    () =>
      lab.control({
        do: "fault",
        fault: { kind: "session-expired", match: "uci confirm", count: 1 },
      }),
    /has ended the session that could have confirmed/,
  ],
  [
    "the session expires in the window, and the change is bad",
    cut,
    () =>
      lab.control({
        do: "fault",
        fault: {
          kind: "session-expired",
          match: "network.interface dump",
          count: 2,
        },
      }),
    /(ended the session|does not answer)/,
  ],
  [
    "rpcd is restarted in the window, and the change is bad",
    withOption(good, "network", "wan1", { device: "eth9" }),
    () =>
      lab.control({
        do: "fault",
        fault: { kind: "rpcd-restart", match: "uci rollback", count: 1 },
      }),
    /interface "wan1" has errors \(interface: NO_DEVICE\)/,
  ],
])(
  "the old configuration is back, and the next run works, when %s",
  async (_what, bad, bend, why) => {
    const before = contents();
    bend();
    const failure = await update(bad).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ message: expect.stringMatching(why) });
    expect((failure as Error).message).toMatch(
      /The configuration from before is back/,
    );
    expect(contents()).toEqual(before);
    expect(await isClean()).toBe(true);
    await works();
  },
  seconds,
);

test(
  "a run that ends in the window leaves it to the router, and the next one waits for that",
  async () => {
    const before = contents();
    const timeouts = { update: 6 };
    await expect(update({ ...cut, timeouts } as SiteInputs)).rejects.toThrow(
      /took over 6 s/,
    );
    expect(contents()).not.toEqual(before);
    await works();
  },
  seconds,
);

test(
  "a line that was dead before blocks nothing",
  async () => {
    lab.control({ do: "wan", device: "eth2", state: "dead" });
    await sleep(8_000);
    await works2("wan2");
  },
  seconds,
);

async function works2(line: string): Promise<void> {
  const news = withOption(good, "dhcp", "guests", { leasetime: "2h" });
  await update(news);
  expect(lab.file("dhcp")).toContain("'2h'");
  expect(lab.control<Values>({ do: "summary" })).toMatchObject({
    interfaces: { [line]: { status: "offline" } },
  });
}

test(
  "somebody else's pending change is waited for, and neither kept nor undone",
  async () => {
    lab.control({
      do: "fault",
      fault: { kind: "foreign-apply", ms: 4_000, count: 1 },
    });
    const news = withOption(good, "dhcp", "guests", { leasetime: "1h" });
    await update(news);
    // It was theirs to confirm, and they did not.
    expect(lab.file("system")).not.toContain("theirs");
    expect(lab.file("dhcp")).toContain("'1h'");
    const applies = lab.records().filter(({ method }) => method === "apply");
    expect(
      applies.every(({ args }) => (args as Values).rollback === true),
    ).toBe(true);
  },
  seconds,
);

test(
  "somebody else's change that stays pending is told at the deadline, and left alone",
  async () => {
    lab.control({
      do: "fault",
      fault: { kind: "foreign-apply", ms: 20_000, count: 1 },
    });
    const news = withOption(good, "dhcp", "guests", { leasetime: "1h" });
    const timeouts = { update: 5 };
    await expect(update({ ...news, timeouts } as SiteInputs)).rejects.toThrow(
      /took over 5 s, waiting for somebody else's change .* Confirm or undo it there/,
    );
    expect(lab.file("system")).toContain("theirs");
  },
  seconds,
);

test.each([
  ["apply", "reply-lost"],
  ["confirm", "reply-lost"],
  ["add", "reply-lost"],
  ["apply", "session-expired"],
  ["confirm", "rpcd-restart"],
] as const)(
  "a change whose uci %s meets a fault (%s) is made, once",
  async (method, kind) => {
    lab.control({
      do: "fault",
      fault: { kind, match: `uci ${method}`, count: 1 },
    });
    const dhcp = [
      ...good.dhcp,
      {
        section: "printer",
        type: "host",
        options: {
          name: "printer",
          mac: ["BC:24:11:AA:00:01"],
          ip: "10.0.30.9",
        },
      },
    ];
    const news = { ...good, dhcp };
    await update(news);
    const faults = lab.control<{ fired?: number }[]>({ do: "faults" });
    expect(faults.map(({ fired }) => fired)).toEqual([1]);
    expect(
      lab.file("dhcp").match(/list mac 'BC:24:11:AA:00:01'/g),
    ).toHaveLength(1);
    expect(await isClean()).toBe(true);
  },
  seconds,
);

test(
  "a path that is frozen for a while only delays the proof",
  async () => {
    lab.control({
      do: "fault",
      fault: {
        kind: "frozen",
        match: "network.interface dump",
        ms: 3_000,
        count: 1,
      },
    });
    await works();
  },
  seconds,
);

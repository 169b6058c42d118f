import {
  type SiteInputs,
  type Standing,
  standing,
  standingSite,
  withOption,
} from "../support/openwrt";

let now: Standing;
beforeAll(async () => {
  now = await standing();
}, 90_000);
afterEach(() => now.lab.control({ do: "clear-faults" }));
afterAll(() => now.lab.stop());

const seconds = 90_000;
const cut = withOption(standingSite, "network", "vlan10", {
  ports: ["eth3:t"],
});
const closed = withOption(standingSite, "firewall", "zone_management", {
  input: "DROP",
});
/** Long enough for a verdict on a line. */
const patient = { ...standingSite, verify: { window: 20 } };
const elsewhere = withOption(patient, "network", "wan1", { device: "eth3" });
const missing = withOption(standingSite, "network", "wan1", { device: "eth9" });
const renumbered = withOption(standingSite, "network", "guests", {
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
    () => now.lab.control({ do: "wan", device: "eth3", state: "dead" }),
    /interface "wan1" is not up; line "wan1", which answered before, does not answer any more/,
  ],
  [
    "an interface fails",
    renumbered,
    () =>
      now.lab.control({
        do: "fault",
        fault: { kind: "interface-fails", match: "guests" },
      }),
    /interface "guests" has errors \(static: SETUP_FAILED\)/,
  ],
  [
    "the path is frozen for longer than the window",
    renumbered,
    () =>
      now.lab.control({
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
      now.lab.control({
        do: "fault",
        fault: { kind: "session-expired", match: "uci confirm", count: 1 },
      }),
    /has ended the session that could have confirmed/,
  ],
  [
    "the session expires in the window, and the change is bad",
    missing,
    () =>
      now.lab.control({
        do: "fault",
        fault: { kind: "session-expired", match: "uci rollback", count: 1 },
      }),
    /interface "wan1" has errors/,
  ],
  [
    "rpcd is restarted in the window",
    renumbered,
    () =>
      now.lab.control({
        do: "fault",
        fault: { kind: "rpcd-restart", match: "uci confirm", count: 1 },
      }),
    /has ended the session that could have confirmed/,
  ],
  [
    "rpcd is restarted in the window, and the change is bad",
    missing,
    () =>
      now.lab.control({
        do: "fault",
        fault: { kind: "rpcd-restart", match: "uci rollback", count: 1 },
      }),
    /interface "wan1" has errors \(interface: NO_DEVICE\)/,
  ],
])(
  "the old configuration is back, and the next run works, when %s",
  async (_what, bad, bend, why) => {
    const before = now.contents();
    bend();
    const failure = await now
      .update(bad)
      .catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ message: expect.stringMatching(why) });
    expect((failure as Error).message).toMatch(
      /The configuration from before is back/,
    );
    expect(now.contents()).toEqual(before);
    expect(await now.isClean()).toBe(true);
    now.lab.control({ do: "clear-faults" });
    await now.works();
  },
  seconds,
);

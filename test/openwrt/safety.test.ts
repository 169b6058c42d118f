import { readFileSync } from "node:fs";
import {
  image,
  type SiteInputs,
  type Standing,
  standing,
  standingSite,
  testRouter,
  withOption,
} from "../support/openwrt";

let now: Standing;
beforeAll(async () => {
  now = await standing();
}, 90_000);
afterEach(() => now.lab.control({ do: "clear-faults" }));
afterAll(() => now.lab.stop());

const seconds = 90_000;
const files = ["network", "firewall", "dhcp", "mwan3", "system"];

/** A router whose image has the guard that this project makes images with. */
const guard = readFileSync("site/image/files/hybrid-site-guard", "utf8");
const guarded = (kept?: string) =>
  testRouter(kept, {
    files: {
      ...image,
      "etc/rc.d/S15hybrid-site-guard": guard,
      "etc/rc.d/K10hybrid-site-guard": guard,
    },
  });
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
    () => now.lab.control({ do: "wan", line: "isp3", state: "dead" }),
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

test(
  "power that is lost in the window brings the last confirmed files back, and the next run works",
  async () => {
    const lab = await guarded();
    try {
      const { id, outs = {} } = await lab.router.create(standingSite);
      const before = files.map((name) => lab.file(name));
      const cutOff = lab.router.update(id, outs, {
        ...renumbered,
        verify: { window: 60 },
        timeouts: { update: 7 },
        // Never up: the change cannot prove itself before the power goes.
        network: [
          ...renumbered.network,
          {
            section: "nowhere",
            type: "interface",
            options: { device: "eth9", proto: "none" },
          },
        ],
      });
      await expect(cutOff).rejects.toThrow(/took over 7 s/);
      expect(lab.file("network")).toContain("10.0.31.1/24");
      lab.control({ do: "reboot" });
      expect(files.map((name) => lab.file(name))).toEqual(before);
      const news = withOption(standingSite, "dhcp", "guests", {
        leasetime: "3h",
      });
      await lab.router.update(id, outs, news);
      expect(lab.file("dhcp")).toContain("'3h'");
      // What was confirmed stays.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      lab.control({ do: "reboot" });
      expect(lab.file("dhcp")).toContain("'3h'");
    } finally {
      await lab.stop();
    }
  },
  seconds,
);

test(
  "a router that is shut down right after a confirmation starts with what was confirmed",
  async () => {
    const lab = await guarded();
    let again = lab;
    try {
      await lab.router.create(standingSite);
      const confirmed = files.map((name) => lab.file(name));
      await lab.stop(true);
      again = await guarded(lab.directory);
      expect(files.map((name) => again.file(name))).toEqual(confirmed);
    } finally {
      await again.stop(false);
    }
  },
  seconds,
);

test(
  "a bad first change is undone without rpcd's timer too: adopted sections, removed ones, their order, and nothing of others",
  async () => {
    const theirs = `
config rule 'theirs'
	option name 'theirs'
	option src 'guests'
	option target 'DROP'

config rule 'theirs2'
	option name 'theirs2'
	option src 'guests'
	option target 'ACCEPT'
`;
    const lab = await testRouter(undefined, {
      files: {
        ...image,
        "etc/config/firewall": `${image["etc/config/firewall"]}${theirs}`,
      },
    });
    try {
      const bad = withOption(standingSite, "network", "wan1", {
        device: "eth9",
      });
      // In another order than the file has them.
      const firewall = [
        ...bad.firewall,
        {
          section: "theirs2",
          type: "rule",
          options: { name: "second", src: "guests", target: "DROP" },
        },
      ].reverse();
      lab.control({
        do: "fault",
        fault: { kind: "rpcd-reload", match: "uci rollback", count: 1 },
      });
      const failure = await lab.router
        .create({ ...bad, firewall })
        .catch((error: unknown) => error as Error);
      expect((failure as Error).message).toMatch(
        /interface "wan1" has errors .*The configuration from before is back/,
      );
      const contentOf = (text: string) =>
        text.replaceAll(/^config (\S+).*$/gm, "config $1").trim();
      for (const config of ["network", "firewall", "dhcp", "mwan3", "system"])
        expect(contentOf(lab.file(config))).toBe(
          contentOf(
            config === "firewall"
              ? `${image["etc/config/firewall"]}${theirs}`
              : (image[`etc/config/${config}`] ?? ""),
          ),
        );
      expect(lab.file("firewall")).toContain("config rule 'theirs'");
    } finally {
      await lab.stop();
    }
  },
  seconds,
);

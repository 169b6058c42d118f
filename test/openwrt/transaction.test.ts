import { setTimeout as sleep } from "node:timers/promises";
import {
  type SiteInputs,
  type Standing,
  standing,
  standingSite,
  withOption,
} from "../support/openwrt";

type Values = Record<string, unknown>;

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

test(
  "a run that ends in the window leaves it to the router, and the next one waits for that",
  async () => {
    const before = now.contents();
    const timeouts = { update: 6 };
    await expect(
      now.update({ ...cut, timeouts } as SiteInputs),
    ).rejects.toThrow(/took over 6 s/);
    expect(now.contents()).not.toEqual(before);
    await now.works();
  },
  seconds,
);

test(
  "a line that was dead before blocks nothing",
  async () => {
    now.lab.control({ do: "wan", line: "isp2", state: "dead" });
    await sleep(8_000);
    await now.works();
    expect(now.lab.control<Values>({ do: "summary" })).toMatchObject({
      interfaces: { wan2: { status: "offline" } },
    });
  },
  seconds,
);

test(
  "somebody else's pending change is waited for, and neither kept nor undone",
  async () => {
    now.lab.control({
      do: "fault",
      fault: { kind: "foreign-apply", ms: 4_000, count: 1 },
    });
    const news = now.another();
    await now.update(news);
    // It was theirs to confirm, and they did not.
    expect(now.lab.file("system")).not.toContain("theirs");
    expect(now.lab.file("dhcp")).toContain(
      `'${news.dhcp.at(-1)?.options.leasetime}'`,
    );
    const applies = now.lab
      .records()
      .filter(({ method }) => method === "apply");
    expect(
      applies.every(({ args }) => (args as Values).rollback === true),
    ).toBe(true);
  },
  seconds,
);

test(
  "somebody else's change that stays pending is told at the deadline, and left alone",
  async () => {
    now.lab.control({
      do: "fault",
      fault: { kind: "foreign-apply", ms: 9_000, count: 1 },
    });
    const news = now.another();
    const timeouts = { update: 5 };
    await expect(
      now.update({ ...news, timeouts } as SiteInputs),
    ).rejects.toThrow(
      /took over 5 s, waiting for somebody else's change .* Confirm or undo it there/,
    );
    expect(now.lab.file("system")).toContain("theirs");
  },
  seconds,
);

test.each([
  ["apply", "reply-lost"],
  ["confirm", "reply-lost"],
  ["add", "reply-lost"],
  ["apply", "session-expired"],
] as const)(
  "a change whose uci %s meets a fault (%s) is made, once",
  async (method, kind) => {
    now.lab.control({
      do: "fault",
      fault: { kind, match: `uci ${method}`, count: 1 },
    });
    const dhcp = [
      ...standingSite.dhcp,
      {
        section: `printer_${method}_${kind.replace("-", "_")}`,
        type: "host",
        options: {
          name: `${method}-${kind}`,
          mac: ["BC:24:11:AA:00:01"],
          ip: "10.0.30.9",
        },
      },
    ];
    const news = { ...standingSite, dhcp };
    await now.update(news);
    const faults = now.lab.control<{ fired?: number }[]>({ do: "faults" });
    expect(faults.map(({ fired }) => fired)).toEqual([1]);
    expect(
      now.lab.file("dhcp").match(/list mac 'BC:24:11:AA:00:01'/g),
    ).toHaveLength(1);
    expect(await now.isClean()).toBe(true);
  },
  seconds,
);

test(
  "a path that is frozen for a while only delays the proof",
  async () => {
    now.lab.control({
      do: "fault",
      fault: {
        kind: "frozen",
        match: "network.interface dump",
        ms: 3_000,
        count: 1,
      },
    });
    await now.update({ ...now.another(), verify: { window: 20 } });
  },
  seconds,
);

test(
  "a change whose timer rpcd forgot is applied once more, proved and confirmed",
  async () => {
    now.lab.control({
      do: "fault",
      fault: { kind: "rpcd-reload", match: "uci confirm", count: 1 },
    });
    now.lab.calls();
    await now.update(now.another());
    const calls = now.lab.calls();
    expect(calls.filter((name) => name === "uci apply")).toHaveLength(2);
    expect(calls.filter((name) => name === "uci confirm")).toHaveLength(2);
    expect(await now.isClean()).toBe(true);
  },
  seconds,
);

test(
  "what a run left unproved when rpcd forgot its timer is proved by the next one",
  async () => {
    const news = now.another();
    const timeouts = { update: 6 };
    const verify = { window: 60 };
    const hanging = {
      ...news,
      timeouts,
      verify: { ...verify, probes: [{ host: "127.0.0.1", port: 1 }] },
    };
    await expect(now.update(hanging as SiteInputs)).rejects.toThrow(
      /took over 6 s, before the change had proved itself/,
    );
    now.lab.control({
      do: "fault",
      fault: { kind: "rpcd-reload", match: "uci changes", count: 1 },
    });
    now.lab.calls();
    await now.update(news);
    const calls = now.lab.calls();
    expect(calls).toContain("uci apply");
    expect(calls).toContain("uci confirm");
  },
  seconds,
);

test(
  "a service that is away for a moment in the window spoils nothing",
  async () => {
    now.lab.control({
      do: "fault",
      fault: {
        kind: "service-down",
        match: "network.interface dump",
        count: 1,
      },
    });
    await now.update({ ...now.another(), verify: { window: 20 } });
    const faults = now.lab.control<{ fired?: number }[]>({ do: "faults" });
    expect(faults).toMatchObject([{ fired: 1 }]);
  },
  seconds,
);

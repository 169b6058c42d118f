import { showCounters } from "../../lab/host/qat/show";
import { loadQat, saveQat } from "../../lab/host/qat/state";
import {
  addressesBehind,
  endpoints,
  first,
  second,
  third,
} from "../support/qat";
import {
  outOfTree,
  type QatHost,
  qatHost,
  qatInputs,
} from "../support/qat-host";

jest.setTimeout(120_000);

let host: QatHost;
afterEach(() => host.stop());

type Values = Record<string, unknown>;
const proof = { load: "kernel", run: "first" };
const rungs = (props: Values) =>
  (props.functions as { rung: string }[]).map(({ rung }) => rung);
const start = async (inputs: Values, machine = {}) => {
  host = await qatHost(machine);
  return { ...(await host.create(inputs)), inputs };
};

test("without a load nothing is called accelerated, and what a load would show is named", async () => {
  const { props } = await start(qatInputs({ uses: ["ipsec", "tls"] }));
  expect(props).toMatchObject({
    rung: "offered",
    accelerated: [],
    missing: endpoints.map((address) =>
      expect.stringContaining(`${address}: no load has been asked for`),
    ),
    functions: endpoints.map((address) => ({
      address,
      rung: "offered",
      link: "x16 at 8 GT/s",
      driver: "c6xx",
      heartbeat: "answers",
      virtualFunctions: addressesBehind(address),
    })),
    usesShown: [
      { use: "ipsec", isShown: false },
      { use: "tls", isShown: false },
    ],
    statement: expect.stringMatching(
      /qatlib.*Debian's qatengine, cannot drive an 8970.*For TLS take Intel's driver/,
    ),
  });
  expect(props.evidence).toBeUndefined();
  expect(props.findings).toEqual([]);
  expect(props.algorithms).toContainEqual({
    name: "cbc(aes)",
    driver: "qat_aes_cbc",
    priority: 100,
    isPreferred: false,
  });
  expect(host.commands().join()).not.toContain("kcapi-enc");
});

test("where the kernel prefers another for what IPsec asks for, that is a finding", async () => {
  host = await qatHost();
  const name = "authenc(hmac(sha256),cbc(aes))";
  host.world.save("crypto-users", { inSoftware: [name] });
  host.lab.reboot();
  const { props } = await host.create(qatInputs({ uses: ["ipsec"] }));
  expect(props.findings).toEqual([
    `the kernel prefers other drivers for ${name}: IPsec, which asks by these names, does not reach the adapter`,
  ]);
});

test("an older kernel prefers the adapter", async () => {
  const { props } = await start(qatInputs(), { kernel: "6.12.30" });
  expect(props.algorithms).toContainEqual({
    name: "cbc(aes)",
    driver: "qat_aes_cbc",
    priority: 4001,
    isPreferred: true,
  });
});

test("counters that move under the load that was asked for are acceleration, once asked only", async () => {
  const inputs = qatInputs({ proof });
  const { id, props } = await start(inputs);
  expect(props).toMatchObject({
    rung: "accelerated",
    accelerated: endpoints,
    missing: [],
    evidence: { run: "first", load: "kernel", moving: false },
  });
  host.commands();
  const { found, changes } = await host.look(id, props, inputs);
  expect([found, changes]).toEqual([props, false]);
  const news = { ...inputs, uses: ["ipsec"] };
  const { outs = {} } = await host.provider.update(id, props, news);
  expect(outs.rung).toBe("accelerated");
  expect(host.commands().join()).not.toContain("kcapi-enc");
  const again = { ...news, proof: { load: "kernel", run: "second" } };
  const { outs: anew = {} } = await host.provider.update(id, outs, again);
  expect(host.commands().join()).toContain("kcapi-enc");
  expect(anew.evidence).toMatchObject({ run: "second" });
});

/** What takes each rung away, and what it leaves. */
const losses: [string, (host: QatHost) => unknown, string, RegExp][] = [
  [
    "an endpoint that is out",
    (host) => host.bend("pulled", first),
    "absent",
    /1 of the adapter's three endpoints is not there/,
  ],
  [
    "a driver that is gone",
    (host) => host.run("modprobe -r qat_c62x"),
    "device",
    /0000:54:00.0: no driver has it: load it with "modprobe qat_c62x"/,
  ],
  [
    "an endpoint that has stopped",
    (host) => host.bend("stopped", first),
    "driver",
    /0000:54:00.0: it has not started/,
  ],
  [
    "engines that do not answer",
    (host) => host.bend("hung", first),
    "driver",
    /0000:54:00.0: its engines do not answer \(heartbeat -1\)/,
  ],
  [
    "virtual functions of somebody else",
    (host) => host.run(`tee /sys/bus/pci/devices/${first}/sriov_numvfs`, "16"),
    "started",
    /0000:54:00.0: it has 16 virtual functions, and with them no instances for the host/,
  ],
  [
    "a driver that was loaded anew",
    async (host) => {
      await host.run("modprobe -r qat_c62x");
      await host.run("modprobe qat_c62x");
    },
    "offered",
    /its counters were not looked at since it has started: give proof another run/,
  ],
  [
    "a driver that was loaded anew, and has done more since than before",
    async (host) => {
      await host.run("modprobe -r qat_c62x");
      await host.run("modprobe qat_c62x");
      for (let at = 0; at < 12; at++)
        await host.run("kcapi-enc -c qat_aes_cbc -p x", "x".repeat(500_000));
    },
    "offered",
    /its counters were not looked at since it has started/,
  ],
  [
    "a start of the machine",
    (host) => host.lab.reboot(),
    "offered",
    /its counters were not looked at since it has started/,
  ],
];

test.each(losses)(
  "%s takes the proof away, and what would bring it back is said",
  async (_what, lose, rung, why) => {
    const { id, props } = await start(qatInputs({ proof }));
    expect(props.rung).toBe("accelerated");
    await lose(host);
    const { found } = await host.look(id, props, qatInputs({ proof }));
    expect(found.rung).toBe(rung);
    expect((found.missing as string[]).join("\n")).toMatch(why);
    expect(found.accelerated).not.toContain(first);
  },
);

test("after a start of the machine another run brings the proof back", async () => {
  const { id, props } = await start(qatInputs({ proof }));
  host.lab.reboot();
  const { found } = await host.look(id, props, qatInputs({ proof }));
  const news = qatInputs({ proof: { ...proof, run: "second" } });
  const { outs = {} } = await host.provider.update(id, found, news);
  expect(outs.rung).toBe("accelerated");
});

test("an endpoint whose counters stay is not accelerated, whatever the others are", async () => {
  host = await qatHost();
  await host.bend("stuck", second);
  const { props } = await host.create(qatInputs({ proof }));
  expect(rungs(props)).toEqual(["accelerated", "offered", "accelerated"]);
  expect(props).toMatchObject({
    rung: "offered",
    missing: [
      expect.stringMatching(
        /0000:55:00.0: its counters did not move under the load of "first"/,
      ),
    ],
  });
});

test("requests that nobody answers are no acceleration", async () => {
  host = await qatHost();
  const { id, props } = await host.create(qatInputs());
  await host.bend("hung");
  const news = qatInputs({ proof });
  const { outs = {} } = await host.provider.update(id, props, news);
  expect(outs).toMatchObject({ rung: "driver", accelerated: [] });
  expect(outs.evidence).toBeUndefined();
  expect(host.commands().join()).not.toContain("kcapi-enc");
});

test("a load that ends badly is told, and shows nothing though counters moved", async () => {
  host = await qatHost();
  host.fault({ match: "kcapi-enc", kind: "fails", code: 254, count: 1 });
  const { props } = await host.create(qatInputs({ proof }));
  expect(props).toMatchObject({
    rung: "offered",
    accelerated: [],
    evidence: { failure: expect.stringMatching(/^kcapi-enc ended with 254/) },
  });
  expect((props.missing as string[])[0]).toMatch(
    /the load of "first" failed \(kcapi-enc ended with 254.*\), so it shows nothing/,
  );
  expect(host.told()).toMatch(/the load failed.*kcapi-enc ended with 254/);
});

test("an endpoint that others hold is not asked, and that is no word against it", async () => {
  host = await qatHost();
  for (let at = 0; at < 9; at++) await host.bend("busy", second);
  const { props } = await host.create(qatInputs({ proof }));
  expect(props).toMatchObject({
    accelerated: [first, third],
    missing: [
      expect.stringMatching(
        /0000:55:00.0: it was not asked under the load of "first": other endpoints served all of it/,
      ),
    ],
  });
});

/** Of somebody else, from one look to the last one. */
async function amidTraffic<T>(address: string, act: () => Promise<T>) {
  const traffic = setInterval(() => {
    const state = loadQat(host.world);
    const responses = state.endpoints[address]?.responses ?? [];
    responses[0] = (responses[0] ?? 0) + 1_000;
    saveQat(host.world, state);
    showCounters(host.world, address);
  }, 100);
  return await act().finally(() => clearInterval(traffic));
}

test("counters that move without the load as well show nothing under it, however long it takes", async () => {
  host = await qatHost({ driver: "out-of-tree" });
  await host.bend("stuck");
  host.fault({ match: "openssl", kind: "slow", ms: 4_000, count: 1 });
  const { props } = await amidTraffic(second, () =>
    host.create(
      outOfTree({ uses: ["tls"], proof: { load: "openssl", run: "first" } }),
    ),
  );
  expect(props).toMatchObject({
    accelerated: [],
    evidence: { moving: true },
    usesShown: [{ use: "tls", isShown: false }],
  });
  expect((props.missing as string[]).join("\n")).toMatch(
    /0000:54:00.0: its counters did not move.*\n0000:55:00.0: its counters moved without the load of "first" as well/,
  );
});

test("without the program that puts the load on the error says what to install", async () => {
  host = await qatHost();
  host.fault({ match: "kcapi-enc", kind: "fails", code: 127, count: 6 });
  await expect(host.create(qatInputs({ proof }))).rejects.toThrow(
    /host "storage" has no kcapi-enc, which puts the load on. Install kcapi-tools/,
  );
});

test("IPsec is shown only where it holds an algorithm and counters move without a load of ours", async () => {
  const inputs = qatInputs({ uses: ["ipsec"], proof });
  const { id, props } = await start(inputs);
  const uses = (values: Values) => values.usesShown as { why: string }[];
  expect(uses(props)[0]?.why).toMatch(/no security association holds/);
  host.world.save("crypto-users", { held: ["qat_aes_cbc_hmac_sha256"] });
  await host.bend("mended");
  await host.run("kcapi-enc -c qat_aes_cbc -p x", "data");
  const { found } = await host.look(id, props, inputs);
  expect(uses(found)[0]).toMatchObject({ isShown: false });
  expect(uses(found)[0]?.why).toMatch(
    /qat_aes_cbc_hmac_sha256 is held, and no counter was seen to move/,
  );
  // Traffic while nothing of ours runs.
  const traffic = setInterval(
    () => void host.run("kcapi-enc -c qat_aes_cbc -p x", "data"),
    100,
  );
  const news = { ...inputs, proof: { ...proof, run: "second" } };
  const { outs = {} } = await host.provider.update(id, found, news);
  clearInterval(traffic);
  expect(uses(outs)[0]).toMatchObject({ use: "ipsec", isShown: true });
});

test("a link with fewer lanes than card and slot can is a finding", async () => {
  const { id, props } = await start(qatInputs());
  await host.bend("narrow", first);
  const { found } = await host.look(id, props, qatInputs());
  expect((found.findings as string[])[0]).toMatch(
    /PCI 0000:54:00.0 runs at x8, and card and slot can x16/,
  );
});

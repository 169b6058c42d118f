import { block, endpoints, second, third } from "../support/qat";
import {
  outOfTree,
  passthrough,
  type QatHost,
  qatHost,
  qatInputs,
} from "../support/qat-host";

jest.setTimeout(120_000);

let host: QatHost;
afterEach(() => host.stop());

type Values = Record<string, unknown>;
const load = "/etc/modules-load.d/hybrid-site-qat.conf";
const rules = "/etc/udev/rules.d/70-hybrid-site-qat.rules";
const options = "/etc/modprobe.d/hybrid-site-qat.conf";
const conf = (number: number) => `/etc/c6xx_dev${number}.conf`;
const count = (address: string) =>
  host.text(`/sys/bus/pci/devices/${address}/sriov_numvfs`)?.trim();
/** What modprobe finds before the root is there. */
const image = () => host.text("/boot/initrd.img-6.17.2-1-pve") ?? "";
const counts = () => [...endpoints, block].map(count);
const hosts = ["0", "0", "0", "0"];
const guests = ["16", "16", "16", "0"];

test("the kernel's own driver is left as it is, loaded at each start, and then it is quiet", async () => {
  host = await qatHost();
  const { id, props } = await host.create(qatInputs());
  expect(host.text(load)).toBe(
    '# Made by hybrid-site for QatDevice "qat": an edit here does not last.\n# Before it the module was loaded, and an endpoint had 0 virtual functions.\nqat_c62x\n',
  );
  host.commands();
  const { found, changes } = await host.look(id, props, qatInputs());
  expect([found, changes]).toEqual([props, false]);
  await host.provider.update(id, props, qatInputs());
  expect(host.commands().join("\n")).not.toMatch(/tee|adf_ctl|modprobe|mv /);
  await host.provider.delete(id, props);
  expect(host.text(load)).toBeUndefined();
  expect(host.text(`/sys/module/qat_c62x/initstate`)).toBe("live\n");
});

test("a driver that was not loaded is, and is not any more after the deletion", async () => {
  host = await qatHost();
  host.world.put("/etc/modprobe.d/x.conf", "blacklist qat_c62x\n");
  host.lab.reboot();
  const { id, props } = await host.create(qatInputs());
  expect(props.rung).toBe("offered");
  host.lab.reboot();
  expect(host.text("/sys/module/qat_c62x/initstate")).toBe("live\n");
  await host.provider.delete(id, props);
  expect(host.text("/sys/module/qat_c62x/initstate")).toBeUndefined();
});

test("each endpoint of the driver out of the tree has its file, and what stood there comes back", async () => {
  host = await qatHost({ driver: "out-of-tree" });
  const theirs =
    "[GENERAL]\nServicesEnabled = dc\n\n[KERNEL]\nNumberDcInstances = 1\n";
  host.world.put(conf(0), theirs);
  await expect(host.create(outOfTree())).rejects.toThrow(
    /c6xx_dev0.conf is there already and carries no mark/,
  );
  const inputs = outOfTree({ adopt: true });
  const { id, props } = await host.create(inputs);
  expect(props).toMatchObject({ rung: "offered", adopted: [conf(0)] });
  expect(host.text(conf(2))).toMatch(
    /^\[GENERAL\]\nServicesEnabled = cy\n[\s\S]*^\[SHIM\]\nNumberCyInstances = 1\nNumberDcInstances = 0\nNumProcesses = 4\nLimitDevAccess = 0\nCy0Name = "UserCY0"\nCy0IsPolled = 1\n/m,
  );
  expect(host.text(conf(3))).toBeUndefined();
  const { found, changes } = await host.look(id, props, inputs);
  expect([found, changes]).toEqual([props, false]);
  host.commands();
  await host.provider.update(id, props, inputs);
  expect(host.commands().join("\n")).not.toMatch(/restart|mv /);
  await host.provider.delete(id, props);
  expect([host.text(conf(0)), host.text(conf(1))]).toEqual([theirs, undefined]);
  const status = await host.run("adf_ctl status");
  expect(status.match(/state: (up|down)/g)).toEqual([
    "state: up",
    "state: down",
    "state: down",
    "state: down",
  ]);
});

test("guests get all virtual functions of the adapter, also after a start, and none of the chipset's block", async () => {
  host = await qatHost();
  const { id, props } = await host.create(passthrough());
  expect(counts()).toEqual(guests);
  expect(host.text(options)).toContain("options vfio-pci disable_denylist=1");
  expect(host.told()).toMatch(
    /may lead to exploitable stability or security issues when accessed by untrusted users/,
  );
  expect(await host.run("lspci -Dvmmnnk")).not.toContain("c6xxvf");
  expect((await host.look(id, props, passthrough())).changes).toBe(false);
  host.lab.reboot();
  expect(counts()).toEqual(guests);
  const { found, changes } = await host.look(id, props, passthrough());
  expect([found, changes]).toEqual([props, false]);
  await host.provider.delete(id, props);
  expect(counts()).toEqual(hosts);
  expect([load, rules, options].map((path) => host.text(path))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("virtual functions that were there before are there after the deletion", async () => {
  host = await qatHost();
  for (const address of endpoints)
    await host.run(`tee /sys/bus/pci/devices/${address}/sriov_numvfs`, "16");
  const { id, props } = await host.create(qatInputs());
  expect(counts()).toEqual(hosts);
  await host.provider.delete(id, props);
  expect(counts()).toEqual(guests);
});

/** Each input: a change, what it replaces, and what the host has then. */
const changes: Record<string, [Values, unknown, string[], RegExp?]> = {
  owner: [qatInputs(), "site/QatDevice/other", []],
  host: [qatInputs(), "left", ["host"]],
  name: [qatInputs(), "other", ["name"]],
  endpoints: [qatInputs(), endpoints, []],
  stack: [qatInputs(), "passthrough", [], /"16"/],
  services: [outOfTree(), ["cy", "dc"], [], /ServicesEnabled = cy;dc\n/],
  instances: [
    outOfTree(),
    { kernel: { crypto: 2 }, user: { crypto: 3, section: "SSL" } },
    [],
    /\[KERNEL\]\nNumberCyInstances = 2\n[\s\S]*\[SSL\]\nNumberCyInstances = 3\n/,
  ],
  disableDenylist: [
    passthrough({ disableDenylist: undefined }),
    true,
    [],
    /disable_denylist=1/,
  ],
  uses: [qatInputs(), ["ipsec"], []],
  proof: [qatInputs(), { load: "kernel", run: "1" }, []],
  adopt: [qatInputs(), true, []],
  timeouts: [qatInputs(), { update: 200 }, []],
};

test.each(Object.keys(changes))(
  "a change of input %s is made and then quiet",
  async (key) => {
    const [inputs = {}, value, replaces = [], expected] = changes[key] ?? [];
    host = await qatHost({
      driver: inputs.stack === "out-of-tree" ? "out-of-tree" : "in-tree",
    });
    const { id, props } = await host.create(inputs);
    const news = { ...inputs, [key]: value };
    expect(await host.provider.diff(id, props, news)).toMatchObject({
      changes: true,
      replaces,
    });
    if (replaces.length > 0) return;
    const { outs = {} } = await host.provider.update(id, props, news);
    const texts = [load, rules, options, conf(2)].map((path) =>
      host.text(path),
    );
    if (expected) expect(texts.join()).toMatch(expected);
    const { found, changes: left } = await host.look(id, outs, news);
    expect([found, left]).toEqual([outs, false]);
  },
);

test("the table above has a row for each input", async () => {
  host = await qatHost();
  const { schema } = await import("../../providers/qat/qat-device/model");
  expect(Object.keys(changes).sort()).toEqual(Object.keys(schema.shape).sort());
});

const drifts: [string, Values, (host: QatHost) => unknown][] = [
  [
    "a driver that somebody has unloaded",
    qatInputs(),
    (host) => host.run("modprobe -r qat_c62x"),
  ],
  [
    "virtual functions that somebody has made",
    qatInputs(),
    (host) => host.run(`tee /sys/bus/pci/devices/${second}/sriov_numvfs`, "16"),
  ],
  [
    "the file of the load",
    qatInputs(),
    (host) => host.world.put(load, "qat_c62x # mine\n"),
  ],
  [
    "virtual functions that are gone",
    passthrough(),
    (host) => host.run(`tee /sys/bus/pci/devices/${third}/sriov_numvfs`, "0"),
  ],
  [
    "an endpoint that somebody has taken down",
    outOfTree(),
    (host) => host.run("adf_ctl qat_dev1 down"),
  ],
  [
    "the rule of udev",
    passthrough(),
    (host) => host.world.put(rules, "# nothing\n"),
  ],
  [
    "an instance more in a file",
    outOfTree(),
    (host) =>
      host.world.put(
        conf(1),
        host.text(conf(1))?.replace("NumProcesses = 4", "NumProcesses = 5") ??
          "",
      ),
  ],
  [
    "an instance more in each file",
    outOfTree(),
    (host) => {
      for (const path of [conf(0), conf(1), conf(2)])
        host.world.put(
          path,
          (host.text(path) ?? "").replace(
            "NumProcesses = 4",
            "NumProcesses = 5",
          ),
        );
    },
  ],
  [
    "another line in a file",
    outOfTree(),
    (host) => host.world.put(conf(1), `${host.text(conf(1))}# mine\n`),
  ],
  [
    "an endpoint that runs with another configuration than its file's",
    outOfTree(),
    async (host) => {
      const text = host.text(conf(1)) ?? "";
      host.world.put(
        conf(1),
        text.replace(
          "[KERNEL]\nNumberCyInstances = 0",
          "[KERNEL]\nNumberCyInstances = 2",
        ),
      );
      await host.run("adf_ctl qat_dev1 restart");
      host.world.put(conf(1), text);
    },
  ],
];

test.each(drifts)(
  "drift of %s is read, and mended by the next update",
  async (_what, inputs, bend) => {
    host = await qatHost({
      driver: inputs.stack === "out-of-tree" ? "out-of-tree" : "in-tree",
    });
    const { id, props } = await host.create(inputs);
    const before = [everything(), counts()];
    await bend(host);
    const { found, changes } = await host.look(id, props, inputs);
    expect(changes).toBe(true);
    const { outs = {} } = await host.provider.update(id, found, inputs);
    expect([everything(), counts()]).toEqual(before);
    expect((await host.look(id, outs, inputs)).changes).toBe(false);
  },
);

const everything = () =>
  [load, rules, options, conf(0), conf(1), conf(2)].map((path) =>
    host.text(path),
  );

test.each(drifts)(
  "drift of %s is read, and destroyed with all the rest",
  async (_what, inputs, bend) => {
    host = await qatHost({
      driver: inputs.stack === "out-of-tree" ? "out-of-tree" : "in-tree",
    });
    const { id, props } = await host.create(inputs);
    await bend(host);
    const { found } = await host.look(id, props, inputs);
    // Twice: the second one starts from what the first has found.
    const { found: again, changes } = await host.look(id, found, inputs);
    expect([again, changes]).toEqual([found, true]);
    await host.provider.delete(id, again);
    expect(everything()).toEqual(everything().map(() => undefined));
    expect(counts()).toEqual(hosts);
    expect(host.text("/var/lib/hybrid-site/qat-qat/manifest.json")).toBe(
      undefined,
    );
    if (inputs.stack === "out-of-tree")
      expect(await host.run("adf_ctl status")).not.toMatch(/state: up/);
  },
);

test("a state without the mark has it from the host", async () => {
  host = await qatHost();
  const { id, props } = await host.create(passthrough());
  const older = { ...props, owner: "", stack: "none", mark: undefined };
  const { found, changes } = await host.look(id, older, passthrough());
  expect([found.mark, changes]).toEqual([props.mark, false]);
  await host.provider.delete(id, older);
  expect(counts()).toEqual(hosts);
  expect(host.text(rules)).toBeUndefined();
});

test("from guests to the host and back, each endpoint is one's only", async () => {
  host = await qatHost();
  const { id, props } = await host.create(qatInputs());
  const { outs = {} } = await host.provider.update(id, props, passthrough());
  expect(counts()).toEqual(guests);
  await host.provider.diff(id, outs, qatInputs());
  expect(host.told()).toMatch(/guests that have them lose them/);
  await host.provider.update(id, outs, qatInputs());
  expect(counts()).toEqual(hosts);
  expect(host.text(options)).toBeUndefined();
});

test.each([
  ["the host has the endpoints again", qatInputs()],
  ["guests do without", passthrough({ disableDenylist: undefined })],
])(
  "the denylist is on again from the next start where %s, and till then that is a finding",
  async (_what, news) => {
    host = await qatHost();
    const { id, props } = await host.create(passthrough());
    expect(image()).toContain("disable_denylist=1");
    await host.run("modprobe vfio-pci");
    const { outs = {} } = await host.provider.update(id, props, news);
    expect(image()).not.toContain("disable_denylist");
    expect((outs.findings as string[]).join()).toMatch(
      /runs with its denylist switched off \(disable_denylist\), and nothing here asks for that/,
    );
    await host.run("modprobe -r vfio-pci");
    expect((await host.look(id, outs, news)).found.findings).toEqual([]);
  },
);

test("the denylist is on again from the next start after the deletion", async () => {
  host = await qatHost();
  const { id, props } = await host.create(passthrough());
  await host.provider.delete(id, props);
  expect(image()).not.toContain("disable_denylist");
});

test("another's files are neither read as ours nor taken away", async () => {
  host = await qatHost();
  const { id, props } = await host.create(passthrough());
  const manifest = "/var/lib/hybrid-site/qat-qat/manifest.json";
  host.world.put(
    manifest,
    host.text(manifest)?.replaceAll("QatDevice/qat", "QatDevice/else") ?? "",
  );
  expect(await host.provider.read(id, props)).toEqual({});
  await host.provider.delete(id, props);
  expect(host.told()).toMatch(/belongs to "site\/QatDevice\/else"/);
  expect(counts()).toEqual(guests);
  await expect(host.create(passthrough())).rejects.toThrow(
    /belong to "site\/QatDevice\/else"/,
  );
});

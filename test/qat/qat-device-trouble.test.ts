import { render } from "../../providers/qat/qat-device/configuration";
import { block, endpoints, first, second, third } from "../support/qat";
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
const conf = (number: number) => `/etc/c6xx_dev${number}.conf`;
const counts = () =>
  endpoints.map((address) =>
    host.text(`/sys/bus/pci/devices/${address}/sriov_numvfs`)?.trim(),
  );

const proof = { load: "openssl", run: "1" };
const refusedAtPreview: [string, Values, RegExp][] = [
  ["no stack at all", qatInputs({ stack: "none" }), /must be in-tree/],
  [
    "services in the tree",
    qatInputs({ services: ["cy"] }),
    /is of stack out-of-tree only/,
  ],
  [
    "the denylist without guests",
    qatInputs({ disableDenylist: true }),
    /is of stack passthrough only/,
  ],
  ["no services", outOfTree({ services: [] }), /must name one at least/],
  ["nobody's instances", outOfTree({ instances: {} }), /nobody can use it/],
  [
    "compression without its service",
    outOfTree({ instances: { kernel: { compression: 1 } } }),
    /compression needs the service dc/,
  ],
  [
    "host use of what guests have",
    passthrough({ uses: ["ipsec"] }),
    /is of the host's own use/,
  ],
  [
    "a proof of what guests have",
    passthrough({ proof: { load: "kernel", run: "1" } }),
    /is of the host's own use/,
  ],
  [
    "OpenSSL by the kernel's own driver",
    qatInputs({ proof }),
    /OpenSSL cannot use the adapter by the kernel's own driver/,
  ],
  [
    "a load without instances for it",
    outOfTree({ proof: { load: "kernel", run: "1" } }),
    /needs crypto instances of instances.kernel/,
  ],
  [
    "two endpoints",
    qatInputs({ endpoints: [first, second] }),
    /the adapter's three functions/,
  ],
  [
    "an address of another form",
    qatInputs({ endpoints: ["54:00.0", second, third] }),
    /PCI address/,
  ],
  ["an unknown key", qatInputs({ numvfs: 4 }), /Unrecognized/],
];

test("what cannot be is refused at preview", async () => {
  host = await qatHost();
  for (const [what, inputs, reason] of refusedAtPreview) {
    const { failures = [] } = await host.provider.check({}, inputs);
    expect([what, failures.map((item) => item.reason).join()]).toEqual([
      what,
      expect.stringMatching(reason),
    ]);
  }
});

const unready: [string, Values, Values, (host: QatHost) => unknown, RegExp][] =
  [
    [
      "a file's settings with the kernel's own driver",
      outOfTree(),
      {},
      () => undefined,
      /is the kernel's own driver, which reads no configuration file: install Intel's/,
    ],
    [
      "the kernel's driver where Intel's is installed",
      qatInputs(),
      { driver: "out-of-tree" },
      () => undefined,
      /is Intel's driver out of the tree: remove it/,
    ],
    [
      "a kernel without the module",
      qatInputs(),
      {},
      (host) => host.bend("no-module"),
      /the kernel has no module qat_c62x/,
    ],
    [
      "missing firmware",
      qatInputs(),
      {},
      (host) => host.bend("no-firmware"),
      /\/lib\/firmware has no qat_c62x.bin and no qat_c62x_mmp.bin/,
    ],
    [
      "virtual functions without an IOMMU",
      passthrough(),
      { iommu: false },
      () => undefined,
      /its IOMMU is off.*VT-d.*intel_iommu=on/,
    ],
    [
      "an adapter that is not there",
      qatInputs(),
      {},
      (host) => host.bend("pulled"),
      /has 0 of the three functions of a QuickAssist 8970 \(0000:b5:00.0 is the chipset's own block\)/,
    ],
    [
      "the chipset's block named as an endpoint",
      qatInputs({ endpoints: [first, second, block] }),
      {},
      () => undefined,
      /0000:b5:00.0 has subsystem 15d9:0000: it is the chipset's own block/,
    ],
    [
      "an endpoint that is not there",
      qatInputs({ endpoints: [first, second, "0000:57:00.0"] }),
      {},
      () => undefined,
      /0000:57:00.0 is no function of C62x/,
    ],
  ];

test.each(unready)(
  "%s: refused, and nothing has changed",
  async (_what, inputs, machine, bend, reason) => {
    host = await qatHost(machine);
    await bend(host);
    await expect(host.create(inputs)).rejects.toThrow(reason);
    expect(host.text(load)).toBeUndefined();
  },
);

test("an endpoint in use is given to nobody, and the others and the files are as before", async () => {
  host = await qatHost();
  const { id, props } = await host.create(qatInputs());
  await host.bend("busy", third);
  await expect(host.provider.update(id, props, passthrough())).rejects.toThrow(
    /endpoint 0000:56:00.0 of host "storage" is in use.*Device or resource busy.*Stop what uses it.*The endpoints are as they were. The files are as they were before/,
  );
  expect(counts()).toEqual(["0", "0", "0"]);
  expect(host.text(rules)).toBeUndefined();
  const { changes } = await host.look(id, props, qatInputs());
  expect(changes).toBe(false);
  await host.bend("mended");
  await host.provider.update(id, props, passthrough());
  expect(counts()).toEqual(["16", "16", "16"]);
});

test("a first attempt that the kernel refuses leaves nothing there", async () => {
  host = await qatHost();
  await host.bend("busy", first);
  await expect(host.create(passthrough())).rejects.toThrow(/is in use/);
  expect([host.text(load), host.text(rules)]).toEqual([undefined, undefined]);
  expect(counts()).toEqual(["0", "0", "0"]);
});

test("what guests have is not taken from them", async () => {
  host = await qatHost();
  const { id, props } = await host.create(passthrough());
  await host.bend("guest", second);
  const refused = /vfio-pci holds 0000:55:01.0, .*Shut the guests down/;
  await expect(host.provider.update(id, props, qatInputs())).rejects.toThrow(
    refused,
  );
  expect(counts()).toEqual(["16", "16", "16"]);
  expect(host.text(rules)).toContain('ATTR{sriov_numvfs}="16"');
  host.commands();
  await expect(host.provider.delete(id, props)).rejects.toThrow(refused);
  expect(host.text(rules)).toContain('ATTR{sriov_numvfs}="16"');
  expect(host.commands().join("\n")).not.toMatch(/mv |update-initramfs/);
  await host.bend("mended");
  await host.provider.delete(id, props);
  expect(counts()).toEqual(["0", "0", "0"]);
});

test("a configuration that an endpoint does not start with is taken back, and it runs as before", async () => {
  host = await qatHost({ driver: "out-of-tree" });
  const { id, props } = await host.create(outOfTree());
  const before = host.text(conf(0));
  const news = outOfTree({ instances: { user: { crypto: 2, processes: 40 } } });
  await expect(host.provider.update(id, props, news)).rejects.toThrow(
    /Failed to configure qat_dev0: Not enough free bundles.*The files are as they were before/,
  );
  expect(host.text(conf(0))).toBe(before);
  expect((await host.look(id, props, outOfTree())).changes).toBe(false);
  await expect(
    host.create({ ...news, owner: "site/QatDevice/qat" }),
  ).rejects.toThrow();
});

test("what guests had is theirs again when the driver does not start with its files", async () => {
  host = await qatHost({ driver: "out-of-tree" });
  const { id, props } = await host.create(passthrough());
  host.fault({
    match: "adf_ctl qat_dev1 restart",
    kind: "fails",
    code: 1,
    count: 9,
  });
  const refused = await host.provider
    .update(id, props, outOfTree())
    .catch(({ message }: Error) => message);
  expect(refused).toMatch(
    /The endpoints are as they were. The files are as they were before/,
  );
  expect(refused).not.toMatch(/failed too/);
  expect(counts()).toEqual(["16", "16", "16"]);
  expect([host.text(conf(0)), host.text(conf(1))]).toEqual([
    undefined,
    undefined,
  ]);
  expect(host.text(rules)).toContain('ATTR{sriov_numvfs}="16"');
  expect((await host.look(id, props, passthrough())).changes).toBe(false);
});

test("a change that the kernel refuses leaves an edited file as it was", async () => {
  host = await qatHost();
  const { id, props } = await host.create(passthrough());
  host.world.put(rules, "# nothing\n");
  await host.run(`tee /sys/bus/pci/devices/${third}/sriov_numvfs`, "0");
  const { found } = await host.look(id, props, passthrough());
  await host.bend("busy", third);
  await expect(host.provider.update(id, found, passthrough())).rejects.toThrow(
    /The files are as they were before/,
  );
  expect(host.text(rules)).toBe("# nothing\n");
});

/** The connection goes at a command, before it runs or after; the provider looks and goes on. */
const cuts = [
  ["cut-before", "tee"],
  ["cut-after", "tee"],
  ["cut-after", "lspci"],
  ["cut-before", "install"],
  ["cut-after", "mv"],
  ["cut-after", "flock"],
] as const;

test.each(cuts)("%s %s: all ends as meant", async (kind, match) => {
  host = await qatHost();
  host.fault({ kind, match });
  const { id, props } = await host.create(passthrough());
  expect(counts()).toEqual(["16", "16", "16"]);
  host.fault({ kind, match });
  const { outs = {} } = await host.provider.update(id, props, qatInputs());
  expect(counts()).toEqual(["0", "0", "0"]);
  expect((await host.look(id, outs, qatInputs())).changes).toBe(false);
  host.fault({ kind, match });
  await host.provider.delete(id, outs);
  expect(host.text(load)).toBeUndefined();
});

test("cut-after adf_ctl restart: each endpoint ends with its file", async () => {
  host = await qatHost({ driver: "out-of-tree" });
  host.fault({ kind: "cut-after", match: "adf_ctl qat_dev1 restart" });
  const { id, props } = await host.create(outOfTree());
  expect(props.rung).toBe("offered");
  expect((await host.look(id, props, outOfTree())).changes).toBe(false);
});

test("a run that ends between the files and the endpoints' start is drift, and the next one starts them", async () => {
  host = await qatHost({ driver: "out-of-tree" });
  const { id, props } = await host.create(outOfTree());
  const instances = { user: { crypto: 2, processes: 4 } };
  const news = outOfTree({ instances });
  for (const path of [conf(0), conf(1), conf(2)])
    host.world.put(path, render("qat", { services: ["cy"], instances }));
  const shown = () =>
    endpoints.map((address) =>
      /^\[SHIM\]\nNumberCyInstances = (\d)$/m
        .exec(host.text(`/sys/kernel/debug/qat_c6xx_${address}/dev_cfg`) ?? "")
        ?.at(1),
    );
  expect(shown()).toEqual(["1", "1", "1"]);
  const { found, changes } = await host.look(id, { ...props, ...news }, news);
  expect(changes).toBe(true);
  await host.provider.update(id, found, news);
  expect(shown()).toEqual(["2", "2", "2"]);
  host.commands();
  await host.provider.update(id, found, news);
  expect(host.commands().join()).not.toContain("restart");
});

test.each(["mv", "tee"])(
  "a run that ends at %s is carried on by the next, and what stood before is still known",
  async (match) => {
    host = await qatHost();
    host.fault({ match, kind: "cut-before", after: 2, count: 200 });
    await expect(
      host.create(passthrough({ timeouts: { create: 5 } })),
    ).rejects.toThrow();
    host.lab.faults.clear();
    const { id, props } = await host.create(passthrough());
    expect(counts()).toEqual(["16", "16", "16"]);
    expect((await host.look(id, props, passthrough())).changes).toBe(false);
    await host.provider.delete(id, props);
    expect(counts()).toEqual(["0", "0", "0"]);
  },
);

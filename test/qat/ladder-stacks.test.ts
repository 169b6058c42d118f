import {
  addressesBehind,
  endpoints,
  first,
  second,
  third,
} from "../support/qat";
import {
  outOfTree,
  passthrough,
  type QatHost,
  qatHost,
} from "../support/qat-host";

jest.setTimeout(120_000);

let host: QatHost;
afterEach(() => host.stop());

type Values = Record<string, unknown>;
const rungs = (props: Values) =>
  (props.functions as { rung: string }[]).map(({ rung }) => rung);
const start = async (inputs: Values, machine = {}) => {
  host = await qatHost(machine);
  return { ...(await host.create(inputs)), inputs };
};

describe("out of the tree", () => {
  const openssl = { load: "openssl", run: "first" };

  test("TLS is shown where counters move under OpenSSL, on the endpoints that they move on", async () => {
    host = await qatHost({ driver: "out-of-tree" });
    await host.bend("stuck", second);
    const { props } = await host.create(
      outOfTree({ uses: ["tls"], proof: openssl }),
    );
    expect(rungs(props)).toEqual(["accelerated", "offered", "accelerated"]);
    expect(props).toMatchObject({
      rung: "offered",
      accelerated: [first, third],
      usesShown: [
        {
          use: "tls",
          isShown: true,
          why: `counters of ${first}, ${third} moved while OpenSSL computed by its engine`,
        },
      ],
    });
  });

  test("one run of OpenSSL reaches all of the endpoints", async () => {
    host = await qatHost({ driver: "out-of-tree" });
    const { props } = await host.create(outOfTree({ proof: openssl }));
    expect(props).toMatchObject({ rung: "accelerated", missing: [] });
  });

  test("an engine that computes elsewhere shows nothing, whatever it says of itself", async () => {
    host = await qatHost({ driver: "out-of-tree" });
    await host.bend("stuck");
    const { props } = await host.create(
      outOfTree({ uses: ["tls"], proof: openssl }),
    );
    expect(await host.run("openssl engine -t qatengine")).toMatch(/available/);
    expect(props).toMatchObject({
      rung: "offered",
      accelerated: [],
      usesShown: [{ use: "tls", isShown: false }],
    });
  });

  test("an endpoint that is down has its driver and no more, and is started again", async () => {
    host = await qatHost({ driver: "out-of-tree" });
    const { id, props } = await host.create(outOfTree());
    expect(props.rung).toBe("offered");
    await host.run("adf_ctl qat_dev1 down");
    const { found, changes } = await host.look(id, props, outOfTree());
    expect(rungs(found)).toEqual(["offered", "driver", "offered"]);
    expect(changes).toBe(true);
    const { outs = {} } = await host.provider.update(id, found, outOfTree());
    expect(outs.rung).toBe("offered");
  });
});

describe("for guests", () => {
  test("all that the host can show is that guests are offered it", async () => {
    const { props } = await start(passthrough());
    expect(props).toMatchObject({
      rung: "offered",
      accelerated: [],
      findings: expect.arrayContaining([
        expect.stringMatching(/may lead to exploitable stability/),
      ]),
    });
    expect(props.algorithms).not.toEqual([]);
  });

  test("the addresses of the virtual functions are said, also while they are gone", async () => {
    const { id, props, inputs } = await start(passthrough());
    const addresses = endpoints.map(addressesBehind);
    const said = ({ functions }: Values) =>
      (functions as { virtualFunctions: string[] }[]).map(
        ({ virtualFunctions }) => virtualFunctions,
      );
    const [behind] = addresses[0] ?? [];
    expect(await host.run("lspci -vmm -k -nn -D")).toContain(behind);
    expect(said(props)).toEqual(addresses);
    await host.run(`tee /sys/bus/pci/devices/${first}/sriov_numvfs`, "0");
    const { found, changes } = await host.look(id, props, inputs);
    expect([said(found), changes]).toEqual([addresses, true]);
  });

  test("with its denylist vfio-pci gives them none, and nothing is offered", async () => {
    const { props } = await start(passthrough({ disableDenylist: undefined }));
    expect(props.rung).toBe("started");
    expect((props.missing as string[])[0]).toMatch(
      /vfio-pci has its denylist, and refuses guests/,
    );
  });

  test("loaded before, vfio-pci keeps its denylist until it is loaded anew", async () => {
    host = await qatHost();
    await host.run("modprobe vfio-pci");
    const { id, props } = await host.create(passthrough());
    expect((props.missing as string[])[0]).toMatch(
      /vfio-pci was loaded before its denylist was switched off/,
    );
    await host.run("modprobe -r vfio-pci");
    const { found } = await host.look(id, props, passthrough());
    expect(found.rung).toBe("offered");
  });
});

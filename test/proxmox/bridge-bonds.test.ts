import {
  bridgeInputs as declared,
  hostNetwork,
  network,
} from "../support/host-network";
import { bridges, type Provider } from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let bridge: Provider;

beforeEach(async () => {
  lab = await testLab();
  bridge = bridges(lab);
});
afterEach(() => lab.stop());

const { request, device, reload } = hostNetwork(() => lab);
const bonded = (slaves: string[], mode = "active-backup") =>
  declared({ ports: ["bond0"], bonds: { bond0: { mode, slaves } } });
/** The management address lies on something else than the host's own bridge. */
const manage = async (iface: string, type: string) => {
  const address = { cidr: "127.0.0.1/24", gateway: "127.0.0.254" };
  await request("PUT", `${network}/vmbr0`, {
    type: "bridge",
    autostart: 1,
    delete: "cidr,gateway,bridge_ports",
  });
  const known = (await device(iface)) !== undefined;
  const params = { type, autostart: 1, ...address };
  if (known) await request("PUT", `${network}/${iface}`, params);
  else await request("POST", network, { iface, ...params });
  await reload();
};

test("a new bond that would take the card with the management address is refused", async () => {
  await manage("eno1", "eth");
  await expect(bridge.create(bonded(["eno1"]))).rejects.toThrow(
    /"bond0" would take eno1, which carries the management address/,
  );
  expect(await device()).toBeUndefined();
});

test.each([
  ["all its slaves are others", bonded(["eno3"])],
  ["its mode is another", bonded(["eno2"], "802.3ad")],
])(
  "a change of the bond under the management VLAN is refused where %s",
  async (_what, news) => {
    const { id, outs = {} } = await bridge.create(bonded(["eno2"]));
    await manage("bond0.5", "vlan");
    await expect(bridge.update(id, outs, news)).rejects.toThrow(
      /bond "bond0" carries the management address .* of "bond0\.5"/,
    );
  },
);

test("a slave more under the management VLAN cuts nothing", async () => {
  const { id, outs = {} } = await bridge.create(bonded(["eno2"]));
  await manage("bond0.5", "vlan");
  await bridge.update(id, outs, bonded(["eno2", "eno3"]));
  expect(await device("bond0")).toMatchObject({ slaves: "eno2 eno3" });
});

test("a host that is slow to answer is put back all the same", async () => {
  lab.control({
    do: "fault",
    fault: { kind: "bridge-down", match: "vmbr1", count: 1 },
  });
  lab.control({
    do: "fault",
    fault: { kind: "latency", match: "GET /nodes/*/network", ms: 900 },
  });
  const timeouts = { create: 30 };
  await expect(bridge.create(declared({ timeouts }))).rejects.toThrow(
    /did not come up\. The previous definition was put back/,
  );
  lab.control({ do: "clear-faults" });
  expect(await device()).toBeUndefined();
}, 60_000);

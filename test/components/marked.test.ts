import { markedBy } from "../../components/marked";
import { bridgeInputs, hostNetwork, ownBridge } from "../support/host-network";
import { bridges, machine, machines } from "../support/provider";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
beforeEach(async () => {
  lab = await testLab();
});
afterEach(() => lab.stop());

const { request, reload } = hostNetwork(() => lab);
const marked = (site = "site") => markedBy(site, lab.session(), "pve");

test("guests, bridges, their bonds and adopted ones are found, and whose they are", async () => {
  const bonds = { bond0: { mode: "active-backup", slaves: ["eno3", "eno4"] } };
  const bridge = bridges(lab);
  await bridge.create(bridgeInputs({ ports: ["bond0"], bonds }));
  await bridge.create(ownBridge({ owner: "site/Bridge/lan" }));
  await machines(lab).create(machine({ vmId: 100, power: "stopped" }));
  const on = { node: "pve", kept: false };
  const storage = { owner: "site/Bridge/storage", ...on };
  const found = await marked();
  expect(found).toHaveLength(4);
  expect(found).toEqual(
    expect.arrayContaining([
      {
        what: 'guest 100 "web"',
        node: "pve",
        owner: "site/VirtualMachine/web",
        kept: false,
      },
      { what: 'bond "bond0"', ...storage },
      { what: 'bridge "vmbr1"', ...storage },
      { what: 'bridge "vmbr0"', owner: "site/Bridge/lan", ...on },
    ]),
  );
  expect(await marked("sit")).toEqual([]);
});

test("a mark that was copied to another bridge is none", async () => {
  const comments = "<!-- hybrid-site owner=site/Bridge/storage id=vmbr1 -->";
  await request("POST", "/nodes/pve/network", {
    iface: "vmbr2",
    type: "bridge",
    autostart: 1,
    comments,
  });
  await reload();
  expect(await marked()).toEqual([]);
});

test.each([
  ["VM.Audit", "has no VM.Audit on /vms"],
  ["SDN.Use", "has no SDN.Audit or SDN.Use on /sdn/zones/localnetwork"],
])("without %s nothing is taken for none", async (privilege, why) => {
  lab.control({ do: "revoke", node: "pve", privilege });
  await expect(marked()).rejects.toThrow(why);
});

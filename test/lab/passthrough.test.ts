import { Api } from "../support/api";
import { type TestLab, testLab } from "../support/proxmox";

let lab: TestLab;
let api: Api;
beforeEach(async () => {
  lab = await testLab(undefined, 20, undefined, true);
  api = await new Api(lab).asRoot();
  await api.send("POST", "/cluster/mapping/pci", {
    id: "card",
    map: ["0000:03:00.0", "0000:03:00.1"].map(entryOf),
  });
});
afterEach(() => lab.stop());

const base = "/nodes/pve/qemu";

function entryOf(path: string): string {
  const group = path.endsWith(".0") ? 30 : 31;
  return `id=8086:1521,iommugroup=${group},node=pve,path=${path},subsystem-id=8086:0002`;
}

async function start(vmid: number, hostpci0: string): Promise<string> {
  await api.run("POST", base, { vmid, hostpci0 });
  return api.run("POST", `${base}/${vmid}/status/start`);
}

test("of a mapping's devices each guest gets the first that is free, until it stops", async () => {
  expect(await start(100, "mapping=card")).toBe("OK");
  expect(await start(101, "mapping=card")).toBe("OK");
  const refused = "could not find a free device for 'hostpci0'";
  expect(await start(102, "mapping=card")).toContain(refused);
  await api.run("POST", `${base}/100/status/stop`);
  expect(await api.run("POST", `${base}/102/status/start`)).toBe("OK");
});

test("a device that a running guest has is not started with twice", async () => {
  expect(await start(100, "0000:03:00.0")).toBe("OK");
  expect(await start(101, "0000:03:00.0")).toContain(
    "PCI device '0000:03:00.0' already in use by VMID '100'",
  );
});

test("a guest does not start with a mapping that the hardware no longer fits", async () => {
  await api.send("PUT", "/cluster/mapping/pci/card", {
    map: [entryOf("0000:03:00.0").replace("iommugroup=30", "iommugroup=9")],
  });
  expect(await start(100, "mapping=card")).toContain(
    "PCI device mapping invalid (hardware probably changed): 'iommugroup' does not match",
  );
});

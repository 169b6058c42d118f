import { hostFaultKinds } from "../../lab/host";
import { diskFaultKinds } from "../../lab/host/disks";
import { qatFaultKinds } from "../../lab/host/qat";
import { openwrtFaultKinds } from "../../lab/openwrt";
import { faultKinds } from "../../lab/proxmox";
import { drift, fault } from "../../lab/verbs";

const none = () => {
  throw new Error("no site is asked for");
};

test("every fault is told in one line, and the ways to list, clear and reboot", async () => {
  const lines = (await fault(["--help"], none)).split("\n");
  // Disks and accelerators know words that are the same.
  for (const [kind, what] of [
    faultKinds,
    openwrtFaultKinds,
    hostFaultKinds,
    diskFaultKinds,
    qatFaultKinds,
  ].flatMap((kinds) => Object.entries(kinds))) {
    const told = lines.filter(
      (line) => line.replace(/ +/g, " ") === ` ${kind} ${what}`,
    );
    expect(told).toHaveLength(1);
    expect(told[0]?.length).toBeLessThanOrEqual(100);
  }
  expect(lines.join("\n")).toContain("fault disk HOST WWN KIND [NUMBER]");
  expect(lines.join("\n")).toContain("fault qat HOST KIND [ENDPOINT]");
  expect(lines.join("\n")).toMatch(/list \| clear[\s\S]*reboot-node NODE/);
});

test.each([
  [() => fault(["latency", "--ms", "much"], none), 'Unable to use ms "much"'],
  [() => drift(["move", "web"], none), "it is not complete"],
  [
    () => drift(["interface", "r630", "vmbr0", "set", "mtu"], none),
    "not complete",
  ],
  [() => drift(["host", "r630"], none), "it is not complete"],
  [() => fault(["host", "r630", "slow"], none), "say which call is meant"],
  [
    () => fault(["disk", "r630", "0x5000c500a1010004", "gone"], none),
    "what becomes of it (pulled, back, failing",
  ],
  [() => fault(["disk", "r630"], none), "say which one"],
  [
    () => fault(["disk", "r630", "5000c500a1010004", "slot", "two"], none),
    "the last two with a number",
  ],
  [() => drift(["storage", "r630", "local"], none), "it is not complete"],
])("what is not complete is told with how it is", async (act, why) => {
  await expect(act()).rejects.toThrow(why);
});

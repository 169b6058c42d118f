import { guestAddresses } from "../../providers/proxmox/virtual-machine/steps/agent";

const nic = (name: string, ...addresses: string[]) => ({
  name,
  "ip-addresses": addresses.map((address) => ({ "ip-address": address })),
});

test.each([
  ["Linux's names", "eth0", "ens18", "enp6s18", "wlan0"],
  ["names that begin as those of others do", "local0", "lon1", "low"],
  ["OpenWrt's bridges", "br-lan", "br-guest"],
  ["Windows' names", "Ethernet 2", "Local Area Connection"],
])("%s are the guest's own interfaces", (_what, ...names) => {
  expect(guestAddresses(names.map((name) => nic(name, "10.0.0.5")))).toEqual(
    names.map(() => "10.0.0.5"),
  );
});

test.each([
  ["the loopback", "lo"],
  ["Docker's bridges", "docker0", "docker_gwbridge", "br-3f1c2d4e5a6b"],
  ["the ends of pairs", "veth12ab34c", "vethwe-bridge"],
  ["Kubernetes' networks", "cni0", "flannel.1", "flannel-v6.1"],
])("%s are not", (_what, ...names) => {
  expect(guestAddresses(names.map((name) => nic(name, "10.0.0.5")))).toEqual(
    [],
  );
});

test("loopback and link-local addresses are nobody's way to the guest", () => {
  expect(
    guestAddresses([
      nic("lo0", "127.0.0.1", "::1"),
      nic("Loopback Pseudo-Interface 1", "127.0.0.1", "::1"),
      nic("eth0", "169.254.7.7", "FE80::1", "10.0.0.5", "fd00::5"),
      { name: "eth1" },
    ]),
  ).toEqual(["10.0.0.5", "fd00::5"]);
});

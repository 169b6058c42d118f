import type { TestLab } from "./proxmox";

type Values = Record<string, unknown>;

export const bridgeInputs = (changes: Values = {}): Values => ({
  owner: "site/Bridge/storage",
  host: "pve",
  node: "pve",
  name: "vmbr1",
  vlanAware: true,
  ports: ["eno2"],
  timeouts: { create: 8, update: 8, delete: 8 },
  ...changes,
});
/** The host's own, which has its address and its only way out. */
export const ownBridge = (changes: Values = {}) =>
  bridgeInputs({ name: "vmbr0", ports: ["eno1"], adopt: true, ...changes });

/** Every input that does not need another one to be left out. */
export const fullBridge = bridgeInputs({
  vlanIds: [10, "20-30"],
  ports: ["bond0", "eno4"],
  bonds: {
    bond0: { mode: "802.3ad", slaves: ["eno2"], xmitHashPolicy: "layer2+3" },
  },
  mtu: 1400,
  address: "10.0.0.2/24",
  address6: "fd00::2/64",
  gateway6: "fd00::1",
  autostart: true,
  comments: "to the shelves",
});
/** Every input: a change, and what the host then has. */
export const bridgeRows: Record<string, [unknown, Values]> = {
  owner: [
    "site/Bridge/other",
    { comments: expect.stringContaining("owner=site/Bridge/other") },
  ],
  vlanAware: [false, {}],
  vlanIds: [[40, 41, 42], { bridge_vids: "40-42" }],
  ports: [["bond0", "eno3"], { bridge_ports: "bond0 eno3" }],
  bonds: [
    {
      bond0: {
        mode: "active-backup",
        slaves: ["eno2", "eno3"],
        primary: "eno3",
        mtu: 9000,
      },
    },
    {},
  ],
  mtu: [1500, { mtu: "1500" }],
  address: ["10.0.0.3/16", { cidr: "10.0.0.3/16" }],
  gateway: ["10.0.0.1", {}],
  address6: ["fd00::3/64", { cidr6: "fd00::3/64", gateway6: "fd00::1" }],
  gateway6: ["fd00::9", { gateway6: "fd00::9" }],
  autostart: [false, {}],
  comments: [
    "other\nwords",
    { comments: expect.stringMatching(/^other\nwords\n\n<!-- hybrid-site/) },
  ],
  timeouts: [{ update: 9 }, {}],
  adopt: [true, {}],
  recoveryPortInUse: [true, {}],
  host: ["left", {}],
  node: ["left", {}],
  name: ["vmbr2", {}],
};

export const network = "/nodes/pve/network";

/** The network of node "pve", past the provider. */
export function hostNetwork(lab: () => TestLab) {
  const request = <T = unknown>(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    params?: Record<string, string | number | boolean>,
  ) => lab().session().request<T>(method, path, params);
  const interfaces = () =>
    request<(Values & { iface: string })[] & { changes?: string }>(
      "GET",
      network,
    );
  return {
    request,
    interfaces,
    device: async (name = "vmbr1") =>
      (await interfaces()).find(({ iface }) => iface === name),
    reload: async () => {
      const session = lab().session();
      await session.task(await session.request("PUT", network), "reload");
    },
  };
}

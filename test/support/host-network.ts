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

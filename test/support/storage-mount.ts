import type { Provider } from "./provider";
import type { TestLab } from "./proxmox";

type Values = Record<string, unknown>;

export const nfs = {
  type: "nfs",
  server: "10.0.0.5",
  export: "/export/vm",
};
export const mountInputs = (changes: Values = {}): Values => ({
  owner: "site/StorageMount/shelf",
  host: "pve",
  name: "shelf",
  backend: nfs,
  content: ["images", "iso"],
  timeouts: { create: 4, update: 4, delete: 4 },
  ...changes,
});

/** The storages of node "pve": past the provider, and by it. */
export function hostStorages(lab: () => TestLab, mount: () => Provider) {
  const request = <T = unknown>(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    params?: Record<string, string | number | boolean>,
  ) => lab().session().request<T>(method, path, params);
  return {
    request,
    device: async (name = "shelf") =>
      (await request<(Values & { storage: string })[]>("GET", "/storage")).find(
        ({ storage }) => storage === name,
      ),
    create: async (inputs = mountInputs()) => {
      const { id, outs } = await mount().create(inputs);
      return { id, props: outs ?? {} };
    },
    isQuiet: async (id: string, props: Values, inputs: Values) => {
      const found = await mount().read(id, props);
      expect(found.props?.adopted).toBe(props.adopted);
      const { changes } = await mount().diff(id, found.props ?? {}, inputs);
      return changes === false;
    },
  };
}

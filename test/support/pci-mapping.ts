import type { ProxmoxSession } from "../../providers/proxmox/client";
import type { Provider } from "./provider";
import type { TestLab } from "./proxmox";

type Values = Record<string, unknown>;

export const pciPath = "/cluster/mapping/pci";
export const card = { node: "pve", path: "0000:03:00.0", id: "8086:1521" };
export const entry =
  "id=8086:1521,iommugroup=30,node=pve,path=0000:03:00.0,subsystem-id=8086:0002";

export const mappingInputs = (changes: Values = {}): Values => ({
  owner: "site/PciMapping/wan",
  host: "pve",
  name: "wan",
  map: [card],
  ...changes,
});

/** Every input: a change, what PVE then has, and what is made anew. */
export const mappingRows: Record<string, [unknown, Partial<Device>, string[]]> =
  {
    owner: [
      "site/PciMapping/other",
      {
        description: "<!-- hybrid-site owner=site/PciMapping/other id=wan -->",
      },
      [],
    ],
    host: ["left", {}, ["host"]],
    name: ["other", {}, ["name"]],
    description: [
      "the lines",
      {
        description:
          "the lines <!-- hybrid-site owner=site/PciMapping/wan id=wan -->",
      },
      [],
    ],
    map: [
      [
        { ...card, path: "0000:03:00" },
        {
          ...card,
          path: "0000:04:00.0",
          subsystemId: "8086:0002",
          iommuGroup: 32,
        },
        { ...card, path: "0000:03:00.0;0000:03:00.1" },
      ],
      {
        map: [
          entry.replace("03:00.0", "03:00"),
          entry.replace("03:00.0", "04:00.0").replace("=30", "=32"),
          entry.replace("0000:03:00.0", "0000:03:00.0;0000:03:00.1"),
        ],
      },
      [],
    ],
    adopt: [true, {}, []],
    timeouts: [{ update: 5 }, {}, []],
  };

export interface Device {
  id: string;
  map: string[];
  description?: string;
}

/** The mappings of node "pve": past the provider, and by it. */
export function hostMappings(lab: () => TestLab, mapping: () => Provider) {
  const request: ProxmoxSession["request"] = (method, path, params) =>
    lab().session().request(method, path, params);
  return {
    request,
    device: async (name = "wan") =>
      (await request<Device[]>("GET", pciPath)).find(({ id }) => id === name),
    create: async (inputs = mappingInputs()) => {
      const { id, outs } = await mapping().create(inputs);
      return { id, props: outs ?? {} };
    },
    isQuiet: async (id: string, props: Values, inputs: Values) => {
      const found = await mapping().read(id, props);
      expect(found.props?.adopted).toBe(props.adopted);
      const { changes } = await mapping().diff(id, found.props ?? {}, inputs);
      return changes === false;
    },
    foreign: (params: Record<string, string> = {}) =>
      request("POST", pciPath, { id: "wan", map: [entry], ...params }),
  };
}

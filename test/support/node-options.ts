import type { ProxmoxSession } from "../../providers/proxmox/client";
import type { Provider } from "./provider";
import type { TestLab } from "./proxmox";

type Values = Record<string, unknown>;

export const configPath = "/nodes/pve/config";
export const timePath = "/nodes/pve/time";
export const delayKey = "startall-onboot-delay";

export const optionInputs = (changes: Values = {}): Values => ({
  owner: "site/NodeOptions/pve",
  host: "pve",
  name: "pve",
  startDelay: 120,
  timezone: "America/New_York",
  ...changes,
});

/** Every input: a change, what the node then has, and what is made anew. */
export const optionRows: Record<string, [unknown, unknown[], string[]]> = {
  owner: ["site/NodeOptions/other", [120, "America/New_York"], []],
  host: ["left", [], ["host", "node"]],
  node: ["right", [], ["node"]],
  name: ["other", [120, "America/New_York"], []],
  startDelay: [0, [undefined, "America/New_York"], []],
  timezone: ["UTC", [120, "UTC"], []],
  timeouts: [{ update: 5 }, [120, "America/New_York"], []],
};

/** The options of node "pve": past the provider, and by it. */
export function hostOptions(lab: () => TestLab, options: () => Provider) {
  const request: ProxmoxSession["request"] = (method, path, params) =>
    lab().session().request(method, path, params);
  return {
    request,
    /** Start delay and time zone. */
    device: async () => {
      const config = await request<Values>("GET", configPath);
      const time = await request<Values>("GET", timePath);
      return [config[delayKey], time.timezone];
    },
    create: async (inputs = optionInputs()) => {
      const { id, outs } = await options().create(inputs);
      return { id, props: outs ?? {} };
    },
    isQuiet: async (id: string, props: Values, inputs: Values) => {
      const found = await options().read(id, props);
      expect(found.props?.before).toEqual(props.before);
      const { changes } = await options().diff(id, found.props ?? {}, inputs);
      return changes === false;
    },
  };
}

import { withoutMark } from "../../../dynamic/owner";
import { type Config, text } from "../../guests/config";
import { disksFrom } from "../disks/plan";
import type { VirtualMachineInputs } from "../model";
import type { Area } from "./area";
import { cloudInitArea } from "./cloud-init";
import { deviceAreas } from "./devices";
import { sameSetting } from "./formats";
import { nicArea } from "./nics";
import { scalarArea } from "./scalars";
import { description, stringArea } from "./strings";

const areas: readonly Area[] = [
  scalarArea,
  stringArea,
  nicArea,
  ...deviceAreas,
  cloudInitArea,
];

/** Every key that the inputs decide, except disks; undefined: unset it. */
export function settingsOf(
  inputs: VirtualMachineInputs,
  config: Config,
  before: VirtualMachineInputs | undefined,
  vmId: number,
): Config {
  return Object.assign(
    { description: description(inputs, config, before, vmId) },
    ...areas.map((area) => area.write(inputs, config, before)),
  ) as Config;
}

export interface Changes {
  set: Record<string, string | number>;
  unset: string[];
}

/** The keys that differ from `config`, and those to be unset. */
export function changesTo(config: Config, settings: Config): Changes {
  const set: Changes["set"] = {};
  const unset: string[] = [];
  for (const [key, value] of Object.entries(settings)) {
    const current = text(config, key);
    if (value === undefined) {
      if (current !== undefined) unset.push(key);
    } else if (!sameSetting(key, current, `${value}`)) {
      set[key] = value;
    }
  }
  return { set, unset };
}

/** What only the device knows, beside its configuration. */
export interface Whereabouts {
  node: string;
  running: boolean;
  pool: string | undefined;
  ha: VirtualMachineInputs["ha"];
}

/**
 * The inputs as the device has them. Only what the inputs set is compared, so
 * that what PVE or a person adds elsewhere is no drift.
 */
export function inputsFrom(
  inputs: VirtualMachineInputs,
  config: Config,
  { node, running, pool, ha }: Whereabouts,
): VirtualMachineInputs {
  const words = withoutMark(text(config, "description"));
  return {
    ...inputs,
    ...Object.assign({}, ...areas.map((area) => area.read(inputs, config))),
    ...disksFrom(inputs, config),
    // The HA stack moves its guests as it sees fit.
    node: inputs.ha ? inputs.node : node,
    description: inputs.description === undefined ? undefined : words,
    pool: inputs.pool === undefined ? undefined : pool,
    ha: inputs.ha && ha,
    power: running ? "running" : "stopped",
  };
}

import { existsSync } from "node:fs";
import type { HostWorld } from "../world";
import { isBlacklisted, parametersOf } from "./modprobe-files";
import {
  banks,
  type Endpoint,
  engines,
  noInstances,
  type QatState,
} from "./state";

export const firmware = ["qat_c62x_mmp.bin", "qat_c62x.bin"];

export function hasFirmware(world: HostWorld, name: string): boolean {
  return ["", ".xz", ".zst"].some((end) =>
    existsSync(world.path(`/lib/firmware/${name}${end}`)),
  );
}

/** What the module's load does: each function is bound, and the in-tree driver starts it. */
export function loadModule(
  world: HostWorld,
  state: QatState,
  name: string,
): void {
  if (name in state.modules) return;
  state.modules[name] = parametersOf(world, name);
  if (name !== "qat_c62x") return;
  if (state.package === "in-tree")
    for (const address of presentIn(state)) start(world, state, address);
}

export function presentIn({ endpoints }: QatState): string[] {
  return Object.keys(endpoints).filter(
    (address) => !endpoints[address]?.isGone,
  );
}

/** The driver binds only what it could start with its firmware. */
export function isBound(
  world: HostWorld,
  state: QatState,
  address: string,
): boolean {
  const endpoint = state.endpoints[address];
  if (!("qat_c62x" in state.modules) || !endpoint || endpoint.isGone)
    return false;
  return (
    state.package === "out-of-tree" ||
    endpoint.isStarted ||
    firmware.every((name) => hasFirmware(world, name))
  );
}

/** With the configuration that is built in, or with one of the out-of-tree driver's. */
export function start(
  world: HostWorld,
  state: QatState,
  address: string,
  given?: Pick<Endpoint, "instances" | "configuration">,
): boolean {
  const endpoint = state.endpoints[address];
  if (endpoint === undefined || endpoint.isGone) return false;
  const missing = firmware.find((name) => !hasFirmware(world, name));
  if (missing) {
    state.log.push(
      `c6xx ${address}: Failed to load MMP firmware ${missing}`,
      `c6xx ${address}: probe with driver c6xx failed with error -14`,
    );
    return false;
  }
  const count = endpoint.virtualFunctions > 0 ? 0 : 8;
  const { instances, configuration } = given ?? {
    instances: {
      ...noInstances,
      kernelCrypto: count,
      kernelCompression: count,
    },
    configuration: {
      GENERAL: { ServicesEnabled: "sym;asym" },
      KERNEL: { NumberCyInstances: count, NumberDcInstances: count },
    },
  };
  Object.assign(endpoint, {
    isStarted: true,
    startedAt: Date.now(),
    instances,
    configuration,
    requests: Array(engines).fill(0),
    responses: Array(engines).fill(0),
  });
  const number = Object.keys(state.endpoints).indexOf(address);
  state.log.push(
    `c6xx ${address}: qat_dev${number} started ${engines} acceleration engines`,
  );
  return true;
}

export function stop(state: QatState, address: string): void {
  const endpoint = state.endpoints[address];
  if (!endpoint?.isStarted) return;
  Object.assign(endpoint, { isStarted: false, instances: noInstances });
  const number = Object.keys(state.endpoints).indexOf(address);
  state.log.push(
    `c6xx ${address}: qat_dev${number} stopped ${engines} acceleration engines`,
  );
}

/** What a write to sriov_numvfs ends with: the number asked for is not looked at. */
export function setVirtualFunctions(
  world: HostWorld,
  state: QatState,
  address: string,
  asked: number,
): "EINVAL" | "EBUSY" | "ERANGE" | "ENOENT" | undefined {
  const endpoint = state.endpoints[address];
  const group = state.devices.find((item) => item.address === address);
  if (endpoint === undefined) return "ENOENT";
  if (!Number.isInteger(asked) || asked < 0) return "EINVAL";
  if (asked > banks) return "ERANGE";
  if (asked === endpoint.virtualFunctions) return undefined;
  if (!isBound(world, state, address)) return "ENOENT";
  if (asked > 0 && endpoint.virtualFunctions > 0) return "EBUSY";
  if (asked > 0 && group?.iommuGroup === undefined) {
    state.log.push(
      `c6xx ${address}: IOMMU should be enabled for SR-IOV to work correctly`,
    );
    return "EINVAL";
  }
  if (endpoint.users > 0) {
    state.log.push(
      `c6xx ${address}: ${asked > 0 ? "Device busy" : "Cannot disable SR-IOV, device in use"}`,
    );
    return "EBUSY";
  }
  stop(state, address);
  endpoint.virtualFunctions = asked > 0 ? banks : 0;
  endpoint.guests = 0;
  start(world, state, address);
  if (asked > 0 && endpoint.autoprobe && !isBlacklisted(world, "qat_c62xvf"))
    loadModule(world, state, "qat_c62xvf");
  return undefined;
}

/** What holds a virtual function, in its order. */
export function virtualDriver(
  state: QatState,
  { guests, autoprobe }: Endpoint,
  index: number,
): string | undefined {
  if (index < guests) return "vfio-pci";
  return autoprobe && "qat_c62xvf" in state.modules ? "c6xxvf" : undefined;
}

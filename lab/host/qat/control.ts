import { rmSync } from "node:fs";
import type { HostWorld } from "../world";
import { firmware, loadModule, presentIn, start, stop } from "./driver";
import { missingModules } from "./modules";
import { show } from "./show";
import { banks, type Endpoint, loadQat, saveQat } from "./state";

export const qatFaultKinds = {
  pulled: "out of its slot; also the other two, where no endpoint is named",
  back: "in its slot again",
  narrow: "its link trains with 8 lanes",
  stopped: "the driver has stopped it",
  hung: "its engines do not answer any more",
  stuck: "what is asked of it is answered elsewhere: counters stay",
  busy: "something of the host's kernel holds it",
  guest: "guests take half of its virtual functions",
  "no-firmware": "the firmware's files are gone, for the next start",
  "no-module": "the kernel has no such module",
  mended: "all of it is as before",
} as const;

export type QatFault = keyof typeof qatFaultKinds;

/** Bends the adapter; `address` left out: each endpoint. */
export function bendQat(
  world: HostWorld,
  fault: QatFault,
  address?: string,
): string {
  const state = loadQat(world);
  const chosen = Object.keys(state.endpoints).filter(
    (item) =>
      address === item ||
      (address === undefined && isAdapter(state.devices, item)),
  );
  if (!(fault in qatFaultKinds) || chosen.length === 0)
    throw new Error(
      `there is no ${fault in qatFaultKinds ? `QAT endpoint "${address}"` : `fault "${fault}", known are ${Object.keys(qatFaultKinds).join(", ")}`}`,
    );
  if (fault === "no-module")
    world.save(missingModules, { names: ["qat_c62x"] });
  if (fault === "no-firmware")
    for (const name of firmware)
      rmSync(world.path(`/lib/firmware/${name}`), { force: true });
  if (fault === "mended") {
    world.save(missingModules, { names: [] });
    installFirmware(world);
  }
  for (const item of chosen) {
    const endpoint = state.endpoints[item];
    if (endpoint === undefined) continue;
    const isBack =
      (fault === "back" || fault === "mended") &&
      (endpoint.isGone || !endpoint.isStarted);
    if (fault === "pulled" || fault === "stopped") stop(state, item);
    if (fault === "guest") loadModule(world, state, "vfio_pci");
    Object.assign(endpoint, changes(fault, endpoint, state.modules.vfio_pci));
    if (isBack && "qat_c62x" in state.modules && state.package === "in-tree")
      start(world, state, item);
  }
  saveQat(world, state);
  show(world);
  return `${fault}: ${chosen.join(", ")} of ${world.name}; there are ${presentIn(state).join(", ")}`;
}

function changes(
  fault: QatFault,
  { virtualFunctions, users }: Endpoint,
  vfio: Record<string, string> | undefined,
): Partial<Endpoint> {
  switch (fault) {
    case "pulled":
      return { isGone: true, virtualFunctions: 0, guests: 0 };
    case "back":
      return { isGone: false };
    case "narrow":
      return { lanes: 8 };
    case "hung":
      return { isHung: true };
    case "stuck":
      return { isStuck: true };
    case "busy":
      return { users: users + 1 };
    case "guest":
      return {
        guests:
          virtualFunctions > 0 && vfio?.disable_denylist === "1"
            ? banks / 2
            : 0,
      };
    case "mended":
      return {
        isGone: false,
        lanes: undefined,
        isHung: false,
        isStuck: false,
        users: 0,
        guests: 0,
      };
    default:
      return {};
  }
}

function isAdapter(
  devices: ReturnType<typeof loadQat>["devices"],
  address: string,
): boolean {
  return devices.some(
    (item) => item.address === address && item.subsystem?.device.id === "0002",
  );
}

export function installFirmware(world: HostWorld): void {
  for (const name of firmware)
    world.put(`/lib/firmware/${name}`, "firmware of C62x\n");
}

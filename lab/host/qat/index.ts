import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { installUnits } from "../coreutils/systemd";
import type { Tool } from "../tool";
import type { HostWorld } from "../world";
import { adfCtl, serviceUnits } from "./adf-ctl";
import { installFirmware } from "./control";
import { loadModule } from "./driver";
import { kcapiEncrypt, openssl } from "./load";
import { isBlacklisted, linesIn } from "./modprobe-files";
import { modinfo, modprobe } from "./modules";
import { show } from "./show";
import {
  factsIn,
  isPhysical,
  loadQat,
  newEndpoint,
  type Package,
  saveQat,
} from "./state";
import { tee } from "./tee";
import { applyRules } from "./udev-rules";

export { bendQat, type QatFault, qatFaultKinds } from "./control";

export const units = serviceUnits;

export const tools: Record<string, Tool> = {
  adf_ctl: adfCtl,
  "kcapi-enc": kcapiEncrypt,
  modinfo,
  modprobe,
  openssl,
  tee,
};

/** The functions of C62x that the machine's facts tell of, and what starts them; after bootFacts. */
export function bootQat(
  world: HostWorld,
  installed: Package = "in-tree",
): void {
  for (const folder of [
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/udev/rules.d",
    "/lib/firmware",
  ])
    mkdirSync(world.path(folder), { recursive: true, mode: 0o755 });
  const known = loadQat(world);
  const devices = (factsIn(world).pci ?? []).filter(isPhysical);
  if (devices.length > 0 && known.devices.length === 0) installFirmware(world);
  if (installed === "out-of-tree") installUnits(world, ["qat_service"]);
  world.put("/proc/sys/kernel/random/boot_id", `${randomUUID()}\n`);
  const state = {
    package: installed,
    modules: {},
    devices,
    log: [],
    endpoints: Object.fromEntries(
      devices.map(({ address }) => {
        const { isGone = false, lanes } = known.endpoints[address] ?? {};
        return [address, { ...newEndpoint(), isGone, lanes }];
      }),
    ),
  };
  const asked = linesIn(world, "/etc/modules-load.d").map(([name]) => name);
  const hasModule =
    devices.length > 0 && existsSync(world.path("/lib/firmware"));
  if (
    hasModule &&
    (asked.includes("qat_c62x") || !isBlacklisted(world, "qat_c62x"))
  )
    loadModule(world, state, "qat_c62x");
  saveQat(world, state);
  show(world);
  applyRules(world);
}

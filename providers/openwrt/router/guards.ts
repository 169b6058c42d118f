import { UserError } from "../../dynamic/failure";
import type { UbusClient } from "../client";
import type { RouterInputs } from "./model";
import type { Plan } from "./plan";

/** A new NIC of the VM may give the others new names: then eth1 is another line. */
export function refuseOtherMacs(
  { macs = {} }: RouterInputs,
  found: ReadonlyMap<string, string>,
): void {
  const wrong = Object.entries(macs).flatMap(([device, mac]) => {
    const has = found.get(device) ?? "";
    if (has.toLowerCase() === mac.toLowerCase()) return [];
    return [
      `${device} ${has ? `is ${has}` : "is not there"}, declared is ${mac}`,
    ];
  });
  if (wrong.length > 0) {
    throw new UserError(
      `the router's network cards are not those that are declared, so the wrong line could be changed: ${wrong.join("; ")}. Compare the VM's NICs and PCI devices with the declared MACs`,
    );
  }
}

/** rpcd takes any password for an empty hash. */
export async function refuseOpenRouter(
  client: UbusClient,
  signal: AbortSignal,
): Promise<void> {
  if (!(await client.isOpen("root", signal))) return;
  throw new UserError(
    "the router lets root in without a password. Set one on its console (passwd), then run this again",
  );
}

/** Afterwards nobody could reach the router to undo it. */
export function cutsManagement(
  { management }: RouterInputs,
  { steps }: Plan,
): boolean {
  return (
    management !== undefined &&
    steps.some(
      ({ config, step }) =>
        config === "network" &&
        step.do !== "add" &&
        step.do !== "order" &&
        step.section === management,
    )
  );
}

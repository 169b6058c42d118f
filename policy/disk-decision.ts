import type { ResourceValidationPolicy } from "@pulumi/policy";
import { entries, virtualMachine } from "./machine";

export const diskDecision: ResourceValidationPolicy = {
  name: "vm-disk-decision",
  description: "Every disk of a virtual machine says what becomes of its data.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => {
    if (type !== virtualMachine) return;
    for (const [slot, { onDestroy }] of entries(props.disks)) {
      if (onDestroy === "keep" || onDestroy === "destroy") continue;
      report(
        `Disk ${slot} does not say what becomes of its data when the machine goes. Set onDestroy to keep or destroy.`,
      );
    }
  },
};

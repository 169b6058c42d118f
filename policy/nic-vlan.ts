import type {
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { entries, virtualMachine } from "./machine";

const fabric = "site:network:Fabric";

/** Judged before the machine is made, whatever else the stack holds. */
export const nicTag: ResourceValidationPolicy = {
  name: "vm-nic-tag",
  description: "Every NIC carries a VLAN tag.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => {
    if (type !== virtualMachine) return;
    for (const [nic, { tag, trunks }] of entries(props.nics)) {
      if (tagsOf(tag, trunks).length > 0) continue;
      report(
        `NIC ${nic} carries no VLAN tag and so lands in the bridge's untagged network. Set tag or trunks.`,
      );
    }
  },
};

/** A stack policy, because what the site knows is a resource of the stack. */
export const nicVlan: StackValidationPolicy = {
  name: "vm-nic-vlan",
  description: "Every VLAN tag of a NIC is one that the site knows.",
  enforcementLevel: "mandatory",
  configSchema: {
    properties: { vlans: { type: "array", items: { type: "integer" } } },
  },
  validateStack: ({ resources, getConfig }, report) => {
    const configured = getConfig<{ vlans?: number[] }>().vlans ?? [];
    const declared = resources
      .filter(({ type }) => type === fabric)
      .flatMap(({ props }) => props.vlans as number[]);
    const known = [...configured, ...declared];
    for (const { type, props, urn } of resources) {
      if (type !== virtualMachine) continue;
      for (const message of nicProblems(props.nics, known))
        report(message, urn);
    }
  },
};

function nicProblems(nics: unknown, known: number[]): string[] {
  return entries(nics).flatMap(([nic, { tag, trunks }]) =>
    tagsOf(tag, trunks)
      .filter((item) => !known.includes(item))
      .map(
        (item) =>
          `NIC ${nic} carries VLAN ${item}, which the site does not know. Declare it under networks, or correct the tag.`,
      ),
  );
}

function tagsOf(tag: unknown, trunks: unknown): number[] {
  return [tag ?? [], trunks ?? []].flat() as number[];
}

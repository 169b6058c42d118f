import type { ResourceValidationPolicy } from "@pulumi/policy";
import { entries, virtualMachine } from "./machine";

export const nicVlan: ResourceValidationPolicy = {
  name: "vm-nic-vlan",
  description: "Every NIC carries a VLAN tag that the site knows.",
  enforcementLevel: "mandatory",
  configSchema: {
    properties: { vlans: { type: "array", items: { type: "integer" } } },
  },
  validateResource: ({ type, props, getConfig }, report) => {
    if (type !== virtualMachine) return;
    const known = getConfig<{ vlans?: number[] }>().vlans ?? siteVlans();
    for (const [nic, { tag, trunks }] of entries(props.nics)) {
      const tags = [tag ?? [], trunks ?? []].flat() as number[];
      if (tags.length === 0) {
        report(
          `NIC ${nic} carries no VLAN tag and so lands in the bridge's untagged network. Set tag or trunks.`,
        );
      }
      for (const unknown of tags.filter((item) => !known.includes(item))) {
        report(
          `NIC ${nic} carries VLAN ${unknown}, which the site does not know. Declare it under networks, or correct the tag.`,
        );
      }
    }
  },
};

let vlans: number[] | undefined;

/** Of the manifest that the stack names; none without one. */
function siteVlans(): number[] {
  if (vlans) return vlans;
  const { loadSite } = require("../site") as typeof import("../site");
  const file = JSON.parse(process.env.PULUMI_CONFIG ?? "{}") as Record<
    string,
    string
  >;
  const manifest = file["hybrid-site:manifest"] ?? file["hybrid-site:config:manifest"];
  vlans = manifest ? loadSite(manifest).networks.map(({ vlan }) => vlan) : [];
  return vlans;
}

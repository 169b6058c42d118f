import { PolicyPack } from "@pulumi/policy";
import { diskDecision } from "./disk-decision";
import { nicTag, nicVlan } from "./nic-vlan";
import { lookForSecrets, plainSecret } from "./plain-secret";

export const policies = [
  diskDecision,
  nicTag,
  nicVlan,
  lookForSecrets,
  plainSecret,
];

new PolicyPack("hybrid-site", { policies });

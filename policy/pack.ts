import { PolicyPack } from "@pulumi/policy";
import { diskDecision } from "./disk-decision";
import { nicVlan } from "./nic-vlan";
import { lookForSecrets, plainSecret } from "./plain-secret";

export const policies = [diskDecision, nicVlan, lookForSecrets, plainSecret];

new PolicyPack("hybrid-site", { policies });

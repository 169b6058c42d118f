import { PolicyPack } from "@pulumi/policy";
import { diskDecision } from "./disk-decision";
import { nicVlan } from "./nic-vlan";
import { plainSecret } from "./plain-secret";

export const policies = [diskDecision, nicVlan, plainSecret];

new PolicyPack("hybrid-site", { policies });

import type { Site } from "../manifest";
import { deviceNames } from "./device-names";
import { exampleSiteId } from "./example-id";
import { failover } from "./failover-bound";
import type { Finding, Rule } from "./finding";
import { hostCores } from "./host-cores";
import { hostLegs } from "./host-legs";
import { hostMemory } from "./host-memory";
import { lineHealth } from "./line-health";
import { lineMetrics } from "./line-metrics";
import { mwan3Names } from "./mwan3-names";
import { nicNetwork } from "./nic-network";
import { pathMtu } from "./path-mtu";
import { recovery } from "./recovery";
import { routerDisk } from "./router-disk";
import { routerNames } from "./router-names";
import { routerTrunk } from "./router-trunk";
import { storageCluster } from "./storage-cluster";
import { storageOvercommit } from "./storage-overcommit";
import { storageSize } from "./storage-size";
import { tunnelNetwork } from "./tunnel-network";
import { vlanAware } from "./vlan-aware";
import { wanRules } from "./wan-rules";

export type { Finding, Rule, Severity } from "./finding";

export const rules: readonly Rule[] = [
  exampleSiteId,
  hostCores,
  hostLegs,
  hostMemory,
  nicNetwork,
  pathMtu,
  recovery,
  routerDisk,
  routerNames,
  routerTrunk,
  storageCluster,
  storageOvercommit,
  storageSize,
  tunnelNetwork,
  vlanAware,
  deviceNames,
  failover,
  lineHealth,
  lineMetrics,
  mwan3Names,
  wanRules,
];

/** What the rules find in a manifest that loads. */
export function judge(site: Site): Finding[] {
  return rules.flatMap(({ id, severity, check, remedy }) =>
    check(site).map(({ message, path }) => ({
      rule: id,
      severity,
      message: `${message}. ${remedy}`,
      path,
    })),
  );
}

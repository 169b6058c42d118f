import type { Site } from "../manifest";
import { arcMemory } from "./arc-memory";
import { bootMirror } from "./boot-mirror";
import { bridgeLoop } from "./bridge-loop";
import { cardKnown } from "./card-known";
import { cardNames } from "./card-names";
import { deviceNames } from "./device-names";
import { exampleSiteId } from "./example-id";
import { exportClients } from "./export-clients";
import { failover } from "./failover-bound";
import type { Finding, Rule } from "./finding";
import { hostCores } from "./host-cores";
import { hostLegs } from "./host-legs";
import { hostMemory } from "./host-memory";
import { iscsiNetwork } from "./iscsi-network";
import { lineHealth } from "./line-health";
import { lineMetrics } from "./line-metrics";
import { lunSharing } from "./lun-sharing";
import { memoryEcc } from "./memory-ecc";
import { memorySockets } from "./memory-sockets";
import { memoryTwice } from "./memory-twice";
import { memoryType } from "./memory-type";
import { mountSharing } from "./mount-sharing";
import { mwan3Names } from "./mwan3-names";
import { nfsStart } from "./nfs-start";
import { nicNetwork } from "./nic-network";
import { pathMtu } from "./path-mtu";
import { pcieLanes } from "./pcie-lanes";
import { pcieSlots } from "./pcie-slots";
import { pcieWidth } from "./pcie-width";
import { poolDisks } from "./pool-disks";
import { poolQuota } from "./pool-quota";
import { poolReservation } from "./pool-reservation";
import { powerOrder } from "./power-order";
import { qatDenylist, qatPassthrough } from "./qat-denylist";
import { qatExclusive } from "./qat-exclusive";
import { qatSlot } from "./qat-slot";
import { qatStack } from "./qat-stack";
import { recovery } from "./recovery";
import { routerDisk } from "./router-disk";
import { routerNames } from "./router-names";
import { routerTrunk } from "./router-trunk";
import { sasAdapters } from "./sas-adapters";
import { sasConnectors } from "./sas-connectors";
import { sasPaths } from "./sas-paths";
import { scrubTimes } from "./scrub-times";
import { shareClients } from "./share-clients";
import { shareGuests } from "./share-guests";
import { shareNfs } from "./share-nfs";
import { shareWorld } from "./share-world";
import { shelfLoss } from "./shelf-loss";
import { storageCluster } from "./storage-cluster";
import { storageOvercommit } from "./storage-overcommit";
import { storageSize } from "./storage-size";
import { storageSpacesDirect } from "./storage-spaces-direct";
import { tunnelNetwork } from "./tunnel-network";
import { upsRuntime } from "./ups-runtime";
import { vdevLayout } from "./vdev-layout";
import { vdevWidth } from "./vdev-width";
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
  poolQuota,
  poolReservation,
  tunnelNetwork,
  vlanAware,
  deviceNames,
  failover,
  lineHealth,
  lineMetrics,
  mwan3Names,
  wanRules,
  arcMemory,
  bootMirror,
  bridgeLoop,
  cardKnown,
  cardNames,
  exportClients,
  memoryEcc,
  memorySockets,
  memoryTwice,
  memoryType,
  mountSharing,
  lunSharing,
  iscsiNetwork,
  nfsStart,
  pcieLanes,
  pcieSlots,
  pcieWidth,
  poolDisks,
  powerOrder,
  qatDenylist,
  qatExclusive,
  qatPassthrough,
  qatSlot,
  qatStack,
  sasAdapters,
  sasConnectors,
  sasPaths,
  scrubTimes,
  shareClients,
  shareGuests,
  shareNfs,
  shareWorld,
  shelfLoss,
  storageSpacesDirect,
  upsRuntime,
  vdevLayout,
  vdevWidth,
];

/** What the rules find in a manifest that loads. */
export function judge(site: Site): Finding[] {
  return rules.flatMap(({ id, severity, check, remedy: general }) =>
    check(site).map(({ message, path, remedy = general }) => ({
      rule: id,
      severity,
      message: `${message}. ${remedy}`,
      path,
    })),
  );
}

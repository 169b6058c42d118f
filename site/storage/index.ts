export { type DatasetPlan, datasetsOf, mountpointOf } from "./datasets";
export { type ExportEntry, type ExportPlan, exportsOf } from "./exports";
export {
  type MountPlan,
  mountsOf,
  type StorageClassPlan,
  storageClassesOf,
  storagesOf,
} from "./mounts";
export {
  type MultipathPlan,
  multipathOf,
  type PoolCare,
  type PoolPlan,
  poolCareOf,
  poolsOf,
} from "./pools";
export { reservedIn, roomOf } from "./room";
export { type SharePlan, type SharesPlan, sharesOf } from "./shares";
export {
  type InitiatorPlan,
  initiatorsOf,
  type TargetPlan,
  targetsOf,
} from "./targets";

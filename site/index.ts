export {
  type ClockPlan,
  clocksOf,
  type HostName,
  hostNamesOf,
  type ResolverPlan,
  resolversOf,
} from "./hardware/names";
export {
  type PowerPlan,
  type PowerStep,
  powerOf,
} from "./hardware/start-order";
export { loadLocated, loadSite, parseSite } from "./load";
export type {
  Guest,
  Host,
  Image,
  Line,
  Network,
  ProxmoxHost,
  Router,
  Site,
  Wan,
} from "./manifest";
export { ManifestError } from "./problem";
export { type QatPlan, qatDevicesOf } from "./qat";
export { type Finding, judge } from "./rules";
export { prefixLength } from "./schema/address";
export {
  type DatasetPlan,
  datasetsOf,
  type ExportEntry,
  type ExportPlan,
  exportsOf,
  type MountPlan,
  type MultipathPlan,
  mountpointOf,
  mountsOf,
  multipathOf,
  type PoolCare,
  type PoolPlan,
  poolCareOf,
  poolsOf,
  type StorageClassPlan,
  storageClassesOf,
} from "./storage";
export {
  deriveRouter,
  isRouted,
  type RoutedSite,
  type RouterConfiguration,
  type Section,
} from "./uci";

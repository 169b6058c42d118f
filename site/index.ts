export { loadSite, parseSite } from "./load";
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
export { type Finding, judge } from "./rules";
export { prefixLength } from "./schema/address";
export {
  deriveRouter,
  isRouted,
  type RoutedSite,
  type RouterConfiguration,
  type Section,
} from "./uci";

export { loadSite, parseSite } from "./load";
export type {
  Guest,
  Host,
  Image,
  Network,
  ProxmoxHost,
  Site,
} from "./manifest";
export { ManifestError } from "./problem";
export { type Finding, judge } from "./rules";
export { prefixLength } from "./schema/address";

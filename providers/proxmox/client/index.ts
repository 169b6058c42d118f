export { Limiter } from "../../limiter";
export type { Endpoint } from "../../tls";
export type { Credential } from "./auth";
export { type Params, path } from "./encoding";
export {
  isAgentSilent,
  isAlreadyExists,
  isDigestMismatch,
  isGuestMissing,
  isLocked,
  isLockTimeout,
  isWrongPowerState,
  ProxmoxError,
  TaskError,
} from "./errors";
export { waitedInVain } from "./retry";
export {
  type ClusterResource,
  ProxmoxClient,
  type ProxmoxSession,
  recentlyMs,
} from "./session";

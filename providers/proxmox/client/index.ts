export type { Endpoint } from "../../tls";
export type { Credential } from "./auth";
export { type Params, path } from "./encoding";
export {
  isAgentNotReady,
  isAlreadyExists,
  isDigestMismatch,
  isGuestMissing,
  isLocked,
  isLockTimeout,
  isWrongPowerState,
  ProxmoxError,
  TaskError,
} from "./errors";
export { Limiter } from "./limiter";
export {
  type ClusterResource,
  ProxmoxClient,
  type ProxmoxSession,
  recentlyMs,
} from "./session";

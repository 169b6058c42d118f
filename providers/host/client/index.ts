export {
  type SshAccount,
  SshConnection,
  type SshEndpoint,
} from "./connection";
export { HostError, type HostErrorKind } from "./errors";
export type {
  FileFacts,
  FileSpec,
  Machine,
  Result,
  RunOptions,
  Words,
} from "./machine";
